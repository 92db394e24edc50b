import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

import { clientVariables } from '../../src/cli/client-variables.ts'
import { SETUP_CLIENTS } from '../../src/cli/setup/clients.ts'
import { CLIENT_PROGRAMS } from '../../scripts/clients/catalog.ts'
import { reasonIn } from '../../scripts/clients/install.ts'
import { BETWEEN, renderTable, withTable } from '../../scripts/clients/table.ts'
import { codeBlocks, linesBetween, tables } from './markdown.ts'

function read(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
}

const CLIENTS = read('docs/clients.md')

/** The version of each agent that was run, by its name. */
const RUN = new Map(
  (tables(linesBetween(CLIENTS, ...BETWEEN))[0] ?? [])
    .slice(1)
    .map(([name = '', version = '', , , , result = '']) => [name, { version, result }]),
)

const home = mkdtempSync(join(tmpdir(), 'clients-'))
afterAll(() => rmSync(home, { recursive: true }))

test('the table has each agent, and all passed', () => {
  expect([...RUN.keys()]).toEqual(CLIENT_PROGRAMS.map(({ name }) => name))
  expect([...RUN.values()].filter(({ result }) => result !== 'right')).toEqual([])
})

describe.each(['docs/clients.md', 'README.md', 'README_CN.md'])('%s', (name) => {
  const rows = tables(read(name)).find(([head]) => head?.[2] === 'tested' || head?.[2] === '已测试')

  test.each(CLIENT_PROGRAMS)('names the tested version of $name', (client) => {
    const row = rows?.find(([first]) => first === client.name)
    expect(row?.[2]?.split(',')[0]).toBe(RUN.get(client.name)?.version)
  })
})

test('the versions of the libraries are those that the tests have', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >
  const named = [...CLIENTS.matchAll(/`([@a-z/-]+)` ([\d.]+), by tests/g)]
  expect(named.length).toBeGreaterThan(5)
  for (const [, library = '', version = ''] of named) {
    expect({ ...dependencies, ...devDependencies }[library], library).toBe(`^${version}`)
  }
})

test.each(CLIENT_PROGRAMS)('the settings of $name are those of its run', (client) => {
  const place = join(home, client.name)
  const [url, model] = ['http://localhost:42069', 'claude-sonnet-5-5']
  client.launch({ home: place, work: place, url, model, task: '' })
  const blocks = ['toml', 'json'].flatMap((language) => codeBlocks(CLIENTS, language))
  for (const file of filesIn(place)) expect(blocks).toContain(readFileSync(file, 'utf8'))
})

function filesIn(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

test('Claude Code gets a token everywhere: in a terminal it asks the user about a key', async () => {
  const url = 'http://localhost:42069'
  const { shortSettings } = (await import(
    new URL('../../assets/page/client-settings.js', import.meta.url).href
  )) as { shortSettings: (...facts: unknown[]) => { name: string; variables?: object }[] }
  const facts = { url, key: 'unused', model: 'claude-sonnet-5-5' }
  const place = join(home, 'token')
  const sources = {
    ...Object.fromEntries(
      ['docs/clients.md', 'README.md', 'README_CN.md'].map((name) => [
        name,
        tables(read(name))
          .flat()
          .find(([first]) => first === 'Claude Code')?.[1],
      ]),
    ),
    page: shortSettings(url, 'unused', false).find(({ name }) => name === 'Claude Code')?.variables,
    run: Object.entries(clientVariables(url, 'unused', 'claude')).filter(([, value]) => value),
    setup: SETUP_CLIENTS.find(({ name }) => name === 'claude-code')?.apply(undefined, facts),
    'npm run clients': CLIENT_PROGRAMS.find(({ name }) => name === 'Claude Code')?.launch({
      ...facts,
      home: place,
      work: place,
      task: '',
    }).env,
  }
  for (const [name, source] of Object.entries(sources)) {
    const text = JSON.stringify(source)
    expect(text, name).toContain('ANTHROPIC_AUTH_TOKEN')
    expect(text, name).not.toContain('ANTHROPIC_API_KEY')
  }
})

test('a new table replaces the old one, and has the remark for a client', () => {
  const [client] = CLIENT_PROGRAMS
  if (client === undefined) throw new Error('There is no client.')
  const attempt = { client, version: '1', lanes: ['open', 'resolve'], result: 'a | b' }
  const [begin, end] = BETWEEN
  const once = withTable(`A\n${begin}old\n${end}B\n`, [{ ...attempt, note: 'Odd.' }], '2026-01-02')
  expect(once).toBe(
    `A\n${begin}\n${renderTable([{ ...attempt, note: 'Odd.' }], '2026-01-02')}\n${end}B\n`,
  )
  expect(once).toContain('Run on 2026-01-02.')
  expect(once).toContain(String.raw`| open, resolve | a \| b |`)
  expect(once).toContain(`- ${client.name}: Odd.\n`)
})

test.each([
  [
    "npm error code E404\nnpm error 404  The requested resource 'a@1' could not be found",
    'the registry has no a@1',
  ],
  ['npm error code EACCES\nnpm error syscall mkdir\n', 'syscall mkdir'],
  ['', 'npm failed'],
])('npm’s message %j is reported as %j', (complaint, reason) => {
  expect(reasonIn(complaint)).toBe(reason)
})
