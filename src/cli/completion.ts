import { COMMAND_FLAGS, type CommandFlag } from '../config/command-line.ts'
import { ConfigError } from '../config/config-error.ts'
import { flagOf } from '../config/names.ts'
import { OPTION_KEYS, OPTIONS } from '../config/options.ts'
import { COMMANDS, FLAG_HELP } from './commands.ts'

const SHELLS = { bash, zsh, fish }

/**
 * The completion of commands and options, as a script for a shell.
 *
 * @param names the words after `completion` on the command line
 * @throws ConfigError if they are not exactly one known shell
 */
export function completionFor([shell = '', ...others]: readonly string[]): string {
  if (others.length === 0 && Object.hasOwn(SHELLS, shell)) {
    return SHELLS[shell as keyof typeof SHELLS]()
  }
  const named = [shell, ...others].join(' ').trim()
  throw new ConfigError(
    `completion${named === '' ? '' : ` ${named}`}: name one of bash, zsh or fish`,
  )
}

/** Every flag, its description, and whether it needs a value. */
const FLAGS: readonly { name: string; help: string; takesValue: boolean }[] = [
  ...OPTION_KEYS.flatMap((key) => {
    const { help, type } = OPTIONS[key]
    const flag = { name: flagOf(key), help, takesValue: type.placeholder !== null }
    return flag.takesValue ? [flag] : [flag, { ...flag, name: `no-${flag.name}` }]
  }),
  ...COMMAND_FLAGS.map((name) => ({ name, help: helpOf(name), takesValue: false })),
  { name: 'help', help: 'show all options', takesValue: false },
  { name: 'version', help: 'show the version', takesValue: false },
]

/** With the commands that have the flag. */
function helpOf(flag: CommandFlag): string {
  const owners = COMMANDS.filter(({ flags }) => flags.some((own) => own === flag))
  return `${FLAG_HELP[flag]} (${owners.map(({ name }) => name).join(', ')})`
}

const NAMES = COMMANDS.map(({ name }) => name).join(' ')

function bash(): string {
  const flags = FLAGS.map(({ name }) => `--${name}`).join(' ')
  const valued = FLAGS.filter(({ takesValue }) => takesValue).map(({ name }) => `--${name}`)
  return `# For ~/.bashrc: source <(claude-sub-proxy completion bash)
_claude_sub_proxy() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    ${valued.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$word"); return ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '${flags}' -- "$word")
  elif (( COMP_CWORD == 1 )); then
    mapfile -t COMPREPLY < <(compgen -W '${NAMES}' -- "$word")
  fi
}
complete -F _claude_sub_proxy claude-sub-proxy
`
}

function zsh(): string {
  return `#compdef claude-sub-proxy
# For ~/.zshrc, after compinit: source <(claude-sub-proxy completion zsh)
_claude_sub_proxy() {
  local -a commands flags
  commands=(
${COMMANDS.map(({ name, help }) => entry(name, help)).join('\n')}
  )
  flags=(
${FLAGS.map(({ name, help }) => entry(`--${name}`, help)).join('\n')}
  )
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o option flags
  elif (( CURRENT == 2 )); then
    _describe command commands
  elif [[ $words[2] == completion ]]; then
    compadd bash zsh fish
  else
    _files
  fi
}
compdef _claude_sub_proxy claude-sub-proxy
`
}

function entry(name: string, help: string): string {
  return `    '${escaped(name)}:${escaped(help)}'`
}

/** For single quotes in zsh, and the colon that ends a name. */
function escaped(text: string): string {
  return text.replaceAll("'", String.raw`'\''`).replaceAll(':', String.raw`\:`)
}

function fish(): string {
  const lines = [
    '# For ~/.config/fish/completions/claude-sub-proxy.fish',
    'complete -c claude-sub-proxy -f',
    ...COMMANDS.map(
      ({ name, help }) =>
        `complete -c claude-sub-proxy -n __fish_use_subcommand -a ${name} -d ${fishQuoted(help)}`,
    ),
    "complete -c claude-sub-proxy -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'",
    ...FLAGS.map(
      ({ name, help, takesValue }) =>
        `complete -c claude-sub-proxy -l ${name} ${takesValue ? '-r -F ' : ''}-d ${fishQuoted(help)}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** In single quotes, for fish. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}
