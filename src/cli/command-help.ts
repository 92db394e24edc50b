import { wrap } from '../config/wrap.ts'
import { type Command, FLAG_HELP } from './commands.ts'

const WIDTH = 80

/** The text of `--help` after the name of a command, at most 80 columns wide. */
export function renderCommandHelp({ usages, about, flags, examples }: Command): string {
  const [first, ...others] = usages.map((usage) => `claude-sub-proxy ${usage}`)
  const longest = Math.max(0, ...flags.map((flag) => flag.length))
  return [
    `Usage: ${first}`,
    ...others.map((usage) => `       ${usage}`),
    '',
    ...wrap(about, WIDTH),
    ...section(
      'Options:',
      flags.map((flag) => `--${flag.padEnd(longest)}  ${FLAG_HELP[flag]}`),
    ),
    ...section(
      'Examples:',
      examples.map((example) => `claude-sub-proxy ${example}`),
    ),
    '',
    'The options for all commands: claude-sub-proxy --help',
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}
