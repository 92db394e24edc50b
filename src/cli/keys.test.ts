import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { hashOf } from '../config/keys/client-key.ts'
import { keys } from './keys.ts'

let folder: string
let path: string
let said: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'))
  path = join(folder, 'inside', 'keys')
  said = []
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said.push(String(text))
      return true
    })
  }
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const run = (...words: string[]): Promise<void> => keys(path, words)
const file = (): string => readFileSync(path, 'utf8')
const lines = (): string[] =>
  file()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

test('a key is created, shown once, and stored as a hash that only its user can read', async () => {
  await run('add', 'ann', 'requests_per_minute=60', 'models=claude-*')
  const key = said.find((text) => text.startsWith('csp-'))?.trim() ?? ''
  expect(key).toMatch(/^csp-[\w-]{43}$/)
  expect(lines()).toEqual([`ann = ${hashOf(key)} requests_per_minute=60 models=claude-*`])
  expect(file()).not.toContain(key)
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('keys that are created at once are all stored', async () => {
  await Promise.all(['ann', 'bob', 'carol'].map((name) => run('add', name)))
  expect(new Set(lines().map((line) => line.split(' ')[0]))).toEqual(
    new Set(['ann', 'bob', 'carol']),
  )
})

test('the other lines and the mode of a file stay', async () => {
  await run('add', 'ann')
  const before = '# ours\nplain-key\n  bob = made-up # a friend'
  writeFileSync(path, before, { mode: 0o640 })
  const { mode } = statSync(path)
  await run('add', 'carol')
  expect(file().startsWith(`${before}\ncarol = sha256:`)).toBe(true)
  await run('remove', 'carol')
  await run('remove', 'bob')
  expect(file()).toBe('# ours\nplain-key\n')
  expect(statSync(path).mode).toBe(mode)
})

test('when the last key is removed a comment stays, which refuses everyone', async () => {
  await run('add', 'ann')
  writeFileSync(path, 'ann = made-up\n')
  await run('remove', 'ann')
  expect(file()).toMatch(/^#/)
})

test('the list shows neither keys nor hashes', async () => {
  await run('add', 'ann', 'tokens_per_day=5')
  writeFileSync(path, `${file()}made-up-plain\n`)
  said = []
  await run('list')
  expect(said).toEqual(['ann  hash  tokens_per_day=5\ndefault  readable in the file\n'])
})

test.each([
  [['add'], 'keys add: a name is missing'],
  [['add', '-x'], 'keys add: a name has 1 to 64'],
  [
    ['add', 'zoe', 'colour=red'],
    'keys add: there is no such limit; the limits are requests_per_minute, tokens_per_day, models',
  ],
  [
    ['add', 'zoe', 'request_per_minute=5'],
    'keys add: there is no such limit; did you mean requests_per_minute?',
  ],
  [
    ['add', 'zoe', 'requests_per_minute=0'],
    'keys add: requests_per_minute must be a whole number from 1 up',
  ],
  [['remove', 'bob'], 'has no key named bob'],
  [['remove', 'ann', 'bob'], 'keys remove: unexpected argument bob; see keys --help'],
  [['ad'], 'keys ad: did you mean add?'],
  [[], 'keys: use one of add, list, remove'],
])('%j is refused, and the file stays unchanged', async (words, problem) => {
  await run('add', 'ann')
  const before = file()
  await expect(run(...words)).rejects.toThrow(problem)
  expect(file()).toBe(before)
})

test('a name that has a key is refused, and every command fails without a file', async () => {
  await run('add', 'ann')
  await expect(run('add', 'ann')).rejects.toThrow('already has a key named ann')
  await expect(keys(undefined, ['list'])).rejects.toThrow(
    'keys list: the file of keys is missing; write',
  )
})

test('a place where no file can be is an error that names the file', async () => {
  await run('add', 'ann')
  const inside = join(path, 'keys')
  await expect(keys(inside, ['add', 'bob'])).rejects.toThrow(
    `${inside}: the keys can't be changed (`,
  )
})
