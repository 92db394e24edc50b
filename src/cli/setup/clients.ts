import { join } from 'node:path'

import type { Environment } from '../../config/environment.ts'

/** The values for a client's configuration. */
export type ClientFacts = {
  /** `http://localhost:42069` */
  readonly url: string
  readonly key: string
  readonly model: string
}

/** The key for clients that require one, if the server needs none. */
export const NO_KEY = 'unused'

/** A client whose own file can point it at the proxy. */
export type SetupClient = {
  readonly name: string
  /** The command that starts it. */
  readonly start: string
  /** The path of the file, for a home folder. */
  readonly file: (home: string, env: Environment) => string
  /**
   * Adds the proxy to the text of the file.
   *
   * @param before the present text; undefined if there is no file
   * @throws Error if the text has a form that can't be extended
   */
  readonly apply: (before: string | undefined, facts: ClientFacts) => string
}

/** The clients, with their files according to their documentation. */
export const SETUP_CLIENTS: readonly SetupClient[] = [
  {
    name: 'codex',
    start: 'codex --profile claude',
    file: (home, env) => join(env['CODEX_HOME'] || join(home, '.codex'), 'config.toml'),
    apply: (before, { url, key, model }) =>
      withBlock(before, [
        '[model_providers.claude-sub-proxy]',
        'name = "claude-sub-proxy"',
        `base_url = ${JSON.stringify(`${url}/v1`)}`,
        'wire_api = "responses"',
        // Codex takes a key from the environment only.
        ...(key === NO_KEY ? [] : ['env_key = "CLAUDE_SUB_PROXY_KEY"']),
        '',
        '[profiles.claude]',
        'model_provider = "claude-sub-proxy"',
        `model = ${JSON.stringify(model)}`,
      ]),
  },
  {
    name: 'opencode',
    start: 'opencode',
    file: (home, env) =>
      join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'opencode', 'opencode.json'),
    apply: (before, { url, key }) =>
      withValues(before, {
        provider: { anthropic: { options: { baseURL: `${url}/v1`, apiKey: key } } },
      }),
  },
  {
    name: 'claude-code',
    start: 'claude',
    file: (home, env) => join(env['CLAUDE_CONFIG_DIR'] || join(home, '.claude'), 'settings.json'),
    apply: (before, { url, key }) =>
      withValues(before, { env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: key } }),
  },
  {
    name: 'qwen',
    start: 'qwen',
    file: (home) => join(home, '.qwen', '.env'),
    apply: (before, { url, key, model }) =>
      withBlock(before, [
        `OPENAI_BASE_URL=${url}/v1`,
        `OPENAI_API_KEY=${key}`,
        `OPENAI_MODEL=${model}`,
      ]),
  },
  {
    name: 'pi',
    start: 'pi',
    file: (home) => join(home, '.pi', 'agent', 'models.json'),
    apply: (before, { url, key, model }) =>
      withValues(before, {
        providers: {
          'claude-sub-proxy': {
            baseUrl: url,
            api: 'anthropic-messages',
            apiKey: key,
            models: [{ id: model }],
          },
        },
      }),
  },
  {
    name: 'continue',
    start: 'the Continue extension of the editor',
    file: (home) => join(home, '.continue', 'config.yaml'),
    apply: (before, { url, key, model }) => {
      const entry = [
        '  - name: Claude (claude-sub-proxy)',
        '    provider: anthropic',
        `    model: ${model}`,
        `    apiBase: ${url}/v1/`,
        `    apiKey: ${key}`,
      ]
      if (before !== undefined && before.trim() !== '') {
        throw new Error(`the file already exists: add to its list of models\n${entry.join('\n')}`)
      }
      const head = ['name: claude-sub-proxy', 'version: 1.0.0', 'schema: v1', 'models:']
      return `${[...head, ...entry].join('\n')}\n`
    },
  },
]

const BEGIN = '# >>> claude-sub-proxy'
const END = '# <<< claude-sub-proxy'

/** Adds lines at the end, or replaces the lines that were added before. */
function withBlock(before: string | undefined, lines: readonly string[]): string {
  const block = [BEGIN, ...lines, END].join('\n')
  const kept = plainText(before).replace(new RegExp(`\\n?${BEGIN}\\n[^]*?${END}\\n`), '')
  const gap = kept === '' || kept.endsWith('\n') ? '' : '\n'
  return inFormOf(before, `${kept}${gap}${kept === '' ? '' : '\n'}${block}\n`)
}

/** Editors on Windows may write it at the beginning of a file. */
const BYTE_ORDER_MARK = '\uFEFF'

/** A text without a byte order mark, with line ends as on Linux and macOS. */
function plainText(text = ''): string {
  return text.replace(BYTE_ORDER_MARK, '').replaceAll('\r\n', '\n')
}

/** A text with the byte order mark and the line ends of another. */
function inFormOf(model: string | undefined = '', text: string): string {
  const mark = model.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : ''
  return mark + (model.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text)
}

/** Sets values in a JSON file, and keeps all others. */
function withValues(before: string | undefined, values: object): string {
  const text = plainText(before)
  const known = text.trim() === '' ? {} : objectIn(text)
  return inFormOf(before, `${JSON.stringify(merged(known, values), null, 2)}\n`)
}

function objectIn(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Error('it is not plain JSON (comments can not be kept)', { cause })
  }
  if (!isObject(value)) throw new Error('it is not a JSON object')
  return value
}

function merged(known: object, values: object): object {
  const result: Record<string, unknown> = { ...known }
  for (const [name, value] of Object.entries(values)) {
    const old = Object.hasOwn(result, name) ? result[name] : undefined
    result[name] = isObject(value) && isObject(old) ? merged(old, value) : (value as unknown)
  }
  return result
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
