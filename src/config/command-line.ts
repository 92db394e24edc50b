import { parseArgs } from 'node:util'
import { ConfigError } from './config-error.ts'
import { flagOf } from './names.ts'
import { nearest } from './nearest.ts'
import { OPTION_KEYS, OPTIONS } from './options.ts'
import type { OptionKey } from './options.ts'
import { removedOption } from './removed-options.ts'
import { boolean } from './values.ts'

/** The values of options, as text. A switch is 'true' or 'false', or the text after `=`. */
export type CommandLineValues = { readonly [Key in OptionKey]?: string }

export type CommandLine = {
  readonly values: CommandLineValues
  readonly help: boolean
  readonly version: boolean
  /** The flags for commands (`json` for `--json`), in the order of the table. */
  readonly flags: readonly CommandFlag[]
  /** The arguments that are not options, and everything after `--`. */
  readonly positionals: readonly string[]
}

/** Flags of commands; they are not settings. */
export const COMMAND_FLAGS = ['json', 'online', 'turn', 'write', 'undo'] as const
export type CommandFlag = (typeof COMMAND_FLAGS)[number]

/**
 * Reads the command line. `loadConfig` checks the values. If an option is given twice, the last one
 * counts.
 *
 * @param argv the arguments of the program, without its own path
 * @throws ConfigError for an unknown option, an option without its value, and a switch with a value
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options: PARSER_OPTIONS,
    // The errors of the strict mode name neither the nearest option nor the allowed values.
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = tokens.filter((token) => token.kind === 'option')
  refuseValueAfterSwitch(tokens)
  const values: { [Key in OptionKey]?: string } = {}
  const flags = new Set<string>()
  for (const { name, rawName, value, inlineValue } of given) {
    const flag = FLAGS.get(name)
    if (flag === undefined) throw unknownOption(rawName)
    switch (flag.kind) {
      case 'value':
        values[flag.key] = requiredValue(rawName, flag.key, value, inlineValue === true)
        break
      case 'switch':
        values[flag.key] =
          value === undefined ? 'true' : requiredValue(rawName, flag.key, value, true)
        break
      case 'off':
        if (value !== undefined) throw new ConfigError(`${rawName}: this option takes no value`)
        values[flag.key] = 'false'
        break
      case 'flag':
        if (value !== undefined) throw new ConfigError(`${rawName}: this option takes no value`)
        flags.add(name)
        break
      default:
        throw new TypeError(`unknown kind of flag: ${JSON.stringify(flag satisfies never)}`)
    }
  }
  return {
    values,
    help: flags.has('help'),
    version: flags.has('version'),
    flags: COMMAND_FLAGS.filter((flag) => flags.has(flag)),
    positionals,
  }
}

/** In `--tools-enabled true`, the word would be taken for a command. */
function refuseValueAfterSwitch(tokens: ReturnType<typeof parseArgs>['tokens'] = []): void {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (token.kind !== 'option' || next?.kind !== 'positional') continue
    const isSwitch = ['switch', 'off'].includes(FLAGS.get(token.name)?.kind ?? '')
    const meant = boolean.parse(next.value)
    if (!isSwitch || token.value !== undefined || meant === undefined) continue
    const remedy = meant ? `leave ${next.value} out` : `for "no", write --no-${token.name}`
    throw new ConfigError(`${token.rawName} takes no value: ${remedy}`)
  }
}

type Flag =
  | { kind: 'value' | 'switch' | 'off'; key: OptionKey }
  /** `--help`, `--version` and the flags of commands. */
  | { kind: 'flag' }

const FLAGS: ReadonlyMap<string, Flag> = new Map<string, Flag>([
  ...OPTION_KEYS.flatMap(flagsOf),
  ['help', { kind: 'flag' }],
  ['version', { kind: 'flag' }],
  ...COMMAND_FLAGS.map((flag): [string, Flag] => [flag, { kind: 'flag' }]),
])

const SHORT = new Map([
  ['help', 'h'],
  ['version', 'v'],
])

const PARSER_OPTIONS = Object.fromEntries(
  [...FLAGS].map(([name, flag]) => {
    const short = SHORT.get(name)
    const type = flag.kind === 'value' ? 'string' : 'boolean'
    return [name, { type, ...(short === undefined ? {} : { short }) } as const]
  }),
)

function flagsOf(key: OptionKey): [string, Flag][] {
  const name = flagOf(key)
  if (OPTIONS[key].type.placeholder !== null) return [[name, { kind: 'value', key }]]
  return [
    [name, { kind: 'switch', key }],
    [`no-${name}`, { kind: 'off', key }],
  ]
}

function requiredValue(
  rawName: string,
  key: OptionKey,
  value: string | undefined,
  inline: boolean,
): string {
  if (value === undefined || value === '') {
    throw new ConfigError(`${rawName}: a value is missing: use ${OPTIONS[key].type.allowed}`)
  }
  // This is more likely the next option than a value.
  if (!inline && value.startsWith('-')) {
    throw new ConfigError(
      `${rawName}: a value is missing (write a value that starts with - as ${rawName}=-…): use ${OPTIONS[key].type.allowed}`,
    )
  }
  return value
}

function unknownOption(rawName: string): ConfigError {
  const removed = removedOption(rawName.replace(/^-+/, '').replaceAll('-', '_'))
  if (removed !== undefined) return new ConfigError(`${rawName} ${removed}`)
  const near = nearest(rawName.replace(/^-+/, ''), [...FLAGS.keys()])
  const hint = near === undefined ? 'see --help' : `did you mean --${near}?`
  return new ConfigError(`${rawName}: unknown option; ${hint}`)
}
