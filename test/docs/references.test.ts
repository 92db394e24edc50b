import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

import { parseCommandLine } from '../../src/config/command-line.ts'
import { renderTable } from '../../src/config/help.ts'
import { loadConfig } from '../../src/config/load.ts'
import { variableOf } from '../../src/config/names.ts'
import { OPTION_KEYS } from '../../src/config/options.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { TURN_FIELDS } from '../../src/observe/turn-log.ts'
import { codeBlocks, codeSpans, headingAnchors, linesBetween, linkTargets } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const README = read('README.md')
const README_CN = read('README_CN.md')
const AGENTS = read('AGENTS.md')

/** Every document of the repository, and the folder that its links are relative to. */
const DOCUMENTS = ['', 'docs', 'docs/decisions', 'docs/zh', 'examples'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ name: join(folder, name), folder, text: read(join(folder, name)) })),
)

/** The documents that show how to start the server. */
const STARTING = [
  { name: 'README.md', text: README },
  { name: 'README_CN.md', text: README_CN },
  { name: 'AGENTS.md', text: AGENTS },
]

/** With more words, a new reader does not read to the end. */
const README_WORDS = 1200

/** Files that the documents name, but that the program, its users or other programs create. */
const NOT_OURS = new Set([
  'config.txt',
  'src/config.txt',
  'usage.json',
  'store.db',
  'CLAUDE.md',
  'opencode.json',
  'models.json',
])

const FILE_NAME = /\.(?:ts|js|json|md|txt)$/
const FOLDER = /^(?:src|test|\.ci)\//

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** Whether a link in a document of a folder leads to an existing file and heading. */
function leads(target: string, from: { folder: string; text: string }): boolean {
  const [path = '', heading] = target.split('#', 2)
  const file = join(from.folder, path)
  if (path !== '' && !existsSync(join(ROOT, file))) return false
  if (heading === undefined) return true
  return headingAnchors(path === '' ? from.text : read(file)).includes(`#${heading}`)
}

function isPath(span: string): boolean {
  return /^[\w./-]+$/.test(span) && (FILE_NAME.test(span) || FOLDER.test(span))
}

function pictures(text: string): string[] {
  return [...text.matchAll(/ (?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => path)
}

describe.each(DOCUMENTS)('$name', ({ folder, text }) => {
  test('names only existing files and folders', () => {
    const named = codeSpans(text).filter((span) => isPath(span) && !NOT_OURS.has(span))
    const missing = named.filter(
      (path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, folder, path)),
    )
    expect(missing).toEqual([])
  })

  test('lets npx find only an installed program: the registry has no package of this name', () => {
    expect(text.match(/npx (?!--no-install )claude-sub-proxy/g)).toBeNull()
  })

  test('links only to existing files and headings', () => {
    const targets = linkTargets(text).filter((target) => !target.startsWith('https://'))
    expect(targets.filter((target) => !leads(target, { folder, text }))).toEqual([])
  })

  test('names only existing npm scripts', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w-]+)/g)].map(
      ([, script = '']) => script,
    )
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([])
  })
})

test.each(STARTING)('$name starts the server with existing options', ({ text }) => {
  expect(text).toContain('npm start')
  const lines = [...text.matchAll(/npm start -- ([^`\n]+)/g)].map(([, line = '']) => line)
  expect(lines).not.toHaveLength(0)
  for (const line of lines) expect(() => parseCommandLine(line.split(' '))).not.toThrow()
})

test('docs/README.md links to every page of docs/', () => {
  const targets = new Set(linkTargets(read('docs/README.md')))
  const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  expect(pages.filter((name) => name !== 'README.md' && !targets.has(name))).toEqual([])
})

test('docs/decisions/README.md links to every decision', () => {
  const targets = new Set(linkTargets(read('docs/decisions/README.md')))
  const pages = readdirSync(join(ROOT, 'docs/decisions'))
  expect(pages.filter((name) => name !== 'README.md' && !targets.has(name))).toEqual([])
})

describe('README.md', () => {
  test(`has at most ${README_WORDS} words`, () => {
    const words = README.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
    expect(words.length).toBeLessThanOrEqual(README_WORDS)
  })

  test('shows existing pictures, the same in both languages', () => {
    expect(pictures(README)).not.toHaveLength(0)
    expect(pictures(README).filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
    expect(pictures(README_CN)).toEqual(pictures(README))
  })

  test('links only to files of the package', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] }
    // npm packs these by itself.
    const packed = [...files, 'README.md', 'LICENSE', 'package.json']
    const paths = linkTargets(README)
      .filter((target) => !/^(?:https:|#)/.test(target))
      .map((target) => target.split('#', 1)[0] ?? '')
    const left = paths.filter(
      (path) => !packed.some((entry) => path === entry || path.startsWith(`${entry}/`)),
    )
    expect(left).toEqual([])
  })

  test('has true badges', () => {
    const { license, engines } = JSON.parse(read('package.json')) as {
      license: string
      engines: { node: string }
    }
    const badges = [...README.matchAll(/\[!\[([^\]]+)\]/g)].map(([, text]) => text)
    expect(badges).toEqual([
      `licence: ${license}`,
      `Node.js: ${engines.node.replace('>=', '')} or newer`,
    ])
  })
})

describe('docs/operations.md', () => {
  const text = read('docs/operations.md')

  test('names only existing metrics', async () => {
    const metrics = createMetrics({
      version: '',
      census: () => ({ processes: {}, limit: 1, waiting: 0 }),
      inFlight: () => 0,
      limits: () => undefined,
    })
    const exported = [...(await metrics.render()).text.matchAll(/^# TYPE (\w+)/gm)]
    const documented = codeSpans(text).filter((span) => span.startsWith('claude_proxy_'))
    expect(new Set(documented)).toEqual(new Set(exported.map(([, name]) => name)))
  })

  test('has the log line of a turn as it is written', () => {
    const [example = ''] = codeBlocks(text, 'json')
    const { level, time, msg, ...fields } = JSON.parse(example) as Record<string, unknown>
    expect([level, msg, typeof time]).toEqual([30, 'turn', 'string'])
    const known: readonly string[] = TURN_FIELDS
    expect(Object.keys(fields).filter((name) => !known.includes(name))).toEqual([])
  })
})

describe('the configuration', () => {
  const CONFIGURATION = read('docs/configuration.md')
  const table = linesBetween(
    CONFIGURATION,
    '<!-- oxfmt-ignore-start -->\n',
    '\n<!-- oxfmt-ignore-end -->',
  )

  test('of docs/configuration.md is the table that the program makes, with every option', () => {
    expect(table).toBe(renderTable())
    for (const key of OPTION_KEYS) expect(table).toContain(`\`${variableOf(key)}\``)
  })

  test('names only variables of that table', () => {
    const known = new Set(OPTION_KEYS.map(variableOf))
    const named = [README, CONFIGURATION].flatMap((text) =>
      [...text.matchAll(/\bCSP_[A-Z_]+/g)].map(([name]) => name),
    )
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('has an example file that loads without a warning', () => {
    const [example = ''] = codeBlocks(CONFIGURATION, 'ini')
    const machine = { cores: 2, freeMemoryBytes: 2 ** 33, container: false }
    const { config, warnings } = loadConfig({
      values: {},
      env: {},
      readFile: () => example,
      machine,
    })
    expect(warnings).toEqual([])
    expect(config).toMatchObject({
      port: 8080,
      logLevel: 'DEBUG',
      queueTimeout: 90_000,
      maxBodySize: 16 * 1024 * 1024,
      systemPrompt: 'Answer in one line.\nUse no # signs.',
    })
  })
})

describe('the map in AGENTS.md', () => {
  test.each(['src', 'test'])('has every folder of %s', (parent) => {
    const entries = readdirSync(join(ROOT, parent), { withFileTypes: true })
    const folders = entries.filter((entry) => entry.isDirectory())
    const named = new Set(codeSpans(AGENTS))
    const missing = folders
      .map(({ name }) => `${parent}/${name}/`)
      .filter((path) => !named.has(path))
    expect(missing).toEqual([])
  })
})
