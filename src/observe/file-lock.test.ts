import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { locked } from './file-lock.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-lock-'))
  path = join(folder, 'lock')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('the work is done one at a time, and the lock is removed at the end', async () => {
  let atOnce = 0
  const work = async (): Promise<number> => {
    expect((atOnce += 1)).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    atOnce -= 1
    return 7
  }
  expect(await Promise.all([1, 2, 3].map(() => locked(path, work)))).toEqual([7, 7, 7])
  expect(readdirSync(folder)).toEqual([])
})

test('the lock is removed if the work fails', async () => {
  await expect(locked(path, () => Promise.reject(new Error('made up')))).rejects.toThrow('made up')
  expect(readdirSync(folder)).toEqual([])
})

test('the lock of a killed process is taken over', async () => {
  writeFileSync(path, '')
  const old = new Date(Date.now() - 60_000)
  utimesSync(path, old, old)
  expect(await locked(path, () => Promise.resolve(7))).toBe(7)
})

test('a missing folder is an error', async () => {
  await expect(locked(join(path, 'lock'), () => Promise.resolve())).rejects.toThrow('ENOENT')
})
