import { flagOf, propertyOf, variableOf } from './names.ts'
import { OPTION_KEYS, OPTIONS, SETTING_KEYS, SETTINGS } from './options.ts'
import type { OptionKey } from './options.ts'
import { wrap } from './wrap.ts'

/** A command of the program: its name, and what it does. */
export type CommandHelp = { readonly name: string; readonly help: string }

const WIDTH = 80
/** The longest flag with its value, and a space on each side. */
const FLAG_WIDTH = 2 + Math.max(...OPTION_KEYS.map((key) => flagText(key).length)) + 2

/** The text of `--help`, at most 80 columns wide. It ends with a line break. */
export function renderHelp(commands: readonly CommandHelp[] = []): string {
  const lines = [
    `Usage: claude-sub-proxy ${commands.length > 0 ? '[command] ' : ''}[options]`,
    '',
    ...section(
      'Commands:',
      commands.map(({ name, help }) => twoColumns(name, help)),
    ),
    ...section('Options:', [
      ...OPTION_KEYS.map((key) => twoColumns(flagText(key), withDefault(key))),
      twoColumns('-h, --help', 'show this text'),
      twoColumns('-v, --version', 'show the version'),
    ]),
    'An option can also be given in the environment (CSP_LOG_LEVEL for --log-level)',
    'or in config.txt (log_level = DEBUG). The command line comes first, then the',
    'environment, then the file.',
    'Times: 500ms, 15s, 5min, 1h, or a number of seconds. Sizes: 512kb, 32mb.',
  ]
  return `${lines.join('\n')}\n`
}

/** The options as a Markdown table. It ends with a line break. */
export function renderTable(): string {
  const rows = OPTION_KEYS.map((key) => {
    const { defaultText, help } = OPTIONS[key]
    const name = key === 'config' ? `--${flagOf(key)}` : key
    const cells = [`\`${name}\``, `\`${variableOf(key)}\``, defaultText || 'empty', help]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return `${['| key | environment | default | |', '|---|---|---|---|', ...rows].join('\n')}\n`
}

/** An example file that changes nothing: each option with its default, commented out. */
export function renderExample(): string {
  const introduction = [
    '# Configuration of claude-sub-proxy. Copy this file to config.txt, and take the # away in',
    '# front of what you change. The command line and the environment come before this file.',
    '#',
    '# key = value, one a line. What follows a # is a comment. A value in double quotes may hold',
    '# a #, and \\n for a line break, \\t for a tab, \\" and \\\\.',
    '# Times: 500ms, 15s, 5min, 1h, or a number of seconds. Sizes: 512kb, 32mb, or bytes.',
  ]
  const options = SETTING_KEYS.flatMap((key) => {
    const { help, defaultText } = SETTINGS[key]
    return ['', ...wrap(help, 90).map((line) => `# ${line}`), `#${key} = ${defaultText}`.trimEnd()]
  })
  return `${[...introduction, ...options].join('\n')}\n`
}

/** The source of `Config` (config.ts), whose comments an editor shows. It ends with a line break. */
export function renderConfigType(): string {
  const properties = SETTING_KEYS.flatMap((key, index) => {
    const { help, type, defaultText } = SETTINGS[key]
    const sentences = [help, `Takes ${type.allowedValue}`, `Default: ${defaultText || 'none'}`]
    return [
      ...(index === 0 ? [] : ['']),
      '  /**',
      ...wrap(sentences.map(asSentence).join(' '), 94).map((line) => `   * ${line}`),
      '   */',
      `  readonly ${propertyOf(key)}: Values['${propertyOf(key)}']`,
    ]
  })
  return [
    '// Made by renderConfigType() of help.ts; a test compares it.',
    "import type { Values } from './options.ts'",
    '',
    '/**',
    ' * The settings that the program runs with: times in milliseconds, sizes in bytes, settings that',
    ' * are empty by default undefined (or an empty list), `auto` replaced by the value it stands for.',
    ' */',
    'export interface Config {',
    ...properties,
    '}',
    '',
  ].join('\n')
}

function asSentence(text: string): string {
  const ending = /[.:]$/.test(text) ? '' : '.'
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${ending}`
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [title, ...entries, '']
}

function flagText(key: OptionKey): string {
  const { placeholder } = OPTIONS[key].type
  return placeholder === null ? `--[no-]${flagOf(key)}` : `--${flagOf(key)} <${placeholder}>`
}

function withDefault(key: OptionKey): string {
  const { help, defaultText } = OPTIONS[key]
  return defaultText === '' ? help : `${help} (default ${defaultText})`
}

function twoColumns(left: string, right: string): string {
  return wrap(right, WIDTH - FLAG_WIDTH)
    .map((line, index) => (index === 0 ? `  ${left}` : '').padEnd(FLAG_WIDTH) + line)
    .join('\n')
}
