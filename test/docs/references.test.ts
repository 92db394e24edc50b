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
const AGENTS = read('AGENTS.md')
const DOCUMENTS = [
  { name: 'README.md', text: README },
  { name: 'README_CN.md', text: read('README_CN.md') },
  { name: 'AGENTS.md', text: AGENTS },
]

/** Whose links are followed, and the folder that each is in. */
const LINKING = [
  ...['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'].map((name) => ({ folder: '', name })),
  ...['docs', 'docs/zh'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => ({ folder, name })),
  ),
]

/** Named in the documents, and made by whoever runs the program. */
const NOT_OURS = new Set(['config.txt', 'src/config.txt', 'usage.json', 'store.db'])

const FILE_NAME = /\.(?:ts|js|json|md|txt)$/
const FOLDER = /^(?:src|test|\.ci)\//

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** Whether a link in a document, which is in a folder, leads to a file and a heading in it. */
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

describe.each(DOCUMENTS)('$name', ({ text }) => {
  test('names files and folders that are there', () => {
    const named = codeSpans(text).filter((span) => isPath(span) && !NOT_OURS.has(span))
    expect(named).not.toHaveLength(0)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('links to files and headings that are there', () => {
    const targets = linkTargets(text).filter((target) => !target.startsWith('https://'))
    expect(targets.filter((target) => !leads(target, { folder: '', text }))).toEqual([])
  })

  test('names scripts that npm knows', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w-]+)/g)].map(
      ([, script = '']) => script,
    )
    expect(named).toContain('start')
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([])
  })

  test('starts the server with options that it knows', () => {
    const lines = [...text.matchAll(/npm start -- ([^`\n]+)/g)].map(([, line = '']) => line)
    expect(lines).not.toHaveLength(0)
    for (const line of lines) expect(() => parseCommandLine(line.split(' '))).not.toThrow()
  })
})

test.each(LINKING)('$folder $name links to files and headings that are there', (document) => {
  const { folder } = document
  const text = read(join(folder, document.name))
  const targets = linkTargets(text).filter((target) => !target.startsWith('https://'))
  expect(targets.filter((target) => !leads(target, { folder, text }))).toEqual([])
})

describe('docs/operations.md', () => {
  const text = read('docs/operations.md')

  test('has the metrics that are there', async () => {
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

  test('has the line of a turn as it is', () => {
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

  test('names no variable that is not in that table', () => {
    const known = new Set(OPTION_KEYS.map(variableOf))
    const named = [README, CONFIGURATION].flatMap((text) =>
      [...text.matchAll(/\bCSP_[A-Z_]+/g)].map(([name]) => name),
    )
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('has an example in README.md of a file that loads without a warning', () => {
    const [example = ''] = codeBlocks(README, 'ini')
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
