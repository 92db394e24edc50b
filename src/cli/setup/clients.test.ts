import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { type ClientFacts, NO_KEY, SETUP_CLIENTS } from './clients.ts'

const FACTS: ClientFacts = {
  url: 'http://localhost:42069',
  key: 'made-up-key',
  model: 'claude-sonnet-4-6',
}

function applied(name: string, before?: string, facts = FACTS): string {
  const client = SETUP_CLIENTS.find((each) => each.name === name)
  if (client === undefined) throw new Error(`no client ${name}`)
  return client.apply(before, facts)
}

describe.each(SETUP_CLIENTS)('the file of $name', ({ name, file }) => {
  test("is in the user's home, and contains the address of the proxy", () => {
    expect(file('/home/me', {})).toMatch(/^\/home\/me\/\./)
    expect(applied(name)).toContain('http://localhost:42069')
    expect(applied(name).endsWith('\n')).toBe(true)
  })

  test.skipIf(name === 'continue')('stays the same when it is written again', () => {
    const once = applied(name)
    expect(applied(name, once)).toBe(once)
    const elsewhere = applied(name, once, { ...FACTS, url: 'http://localhost:8080' })
    expect(elsewhere).toBe(applied(name, undefined, { ...FACTS, url: 'http://localhost:8080' }))
  })
})

test.each(['opencode', 'claude-code', 'pi'])('other values of %s stay unchanged', (name) => {
  const before = { theme: 'dark', env: { A: '1' }, provider: { other: {} }, providers: { x: 1 } }
  const after = JSON.parse(applied(name, JSON.stringify(before))) as typeof before
  expect(after).toMatchObject(before)
  expect(() => applied(name, '{ // a comment\n}')).toThrow('not plain JSON')
  expect(() => applied(name, '[]')).toThrow('it is not a JSON object')
})

test.each(['codex', 'qwen'])('other lines of %s stay unchanged', (name) => {
  const before = 'model = "other"\n# mine'
  expect(applied(name, before)).toMatch(/^model = "other"\n# mine\n/)
  const twice = applied(name, applied(name, before))
  expect(twice.match(/>>> claude-sub-proxy/g)).toHaveLength(1)
})

test.each([
  ['codex', 'model = "other"\r\n# mine\r\n'],
  ['opencode', '{\r\n  "theme": "dark"\r\n}\r\n'],
])('a file of %s that was written on Windows keeps its form', (name, text) => {
  const before = `\uFEFF${text}`
  const once = applied(name, before)
  expect(once).toMatch(/^\uFEFF\S/)
  expect(once.match(/(?<!\r)\n/g)).toBeNull()
  // The lines of an earlier setup are found again.
  expect(applied(name, once)).toBe(once)
})

test('Codex reads a key from the environment, if there is one', () => {
  expect(applied('codex')).toContain('env_key')
  expect(applied('codex')).not.toContain('made-up-key')
  expect(applied('codex', undefined, { ...FACTS, key: NO_KEY })).not.toContain('env_key')
})

test('the file of Continue is YAML, and an existing file stays unchanged', () => {
  expect(parse(applied('continue'))).toMatchObject({
    models: [{ provider: 'anthropic', apiBase: 'http://localhost:42069/v1/' }],
  })
  expect(() => applied('continue', 'models: []')).toThrow('add to its list of models')
})
