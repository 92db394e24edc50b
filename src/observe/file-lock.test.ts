import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { Deferred } from '../deferred.ts'
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

/** Leaves the lock of a killed process. */
function leaveStale(): void {
  const old = new Date(Date.now() - 60_000)
  mkdirSync(path)
  writeFileSync(join(path, 'killed'), '')
  utimesSync(join(path, 'killed'), old, old)
}

test('the lock of a killed process is taken over', async () => {
  leaveStale()
  expect(await locked(path, () => Promise.resolve(7))).toBe(7)
  expect(readdirSync(folder)).toEqual([])
})

test('the lock file that a killed process of an earlier version left is taken over', async () => {
  const old = new Date(Date.now() - 60_000)
  writeFileSync(path, '')
  utimesSync(path, old, old)
  expect(await locked(path, () => Promise.resolve(7))).toBe(7)
  expect(readdirSync(folder)).toEqual([])
})

test('the folder of a process that was killed while it waited is deleted, and no other', async () => {
  const old = new Date(Date.now() - 120_000)
  const names = { empty: [], full: ['0123456789abcdef'], others: ['notes'], waits: [] }
  const own = {
    empty: 'lock.aB3_x9',
    full: 'lock.aaaaaa',
    others: 'lock.backup',
    waits: 'lock.bbbbbb',
  }
  for (const [kind, files] of Object.entries(names)) {
    const inside = join(folder, own[kind as keyof typeof own])
    mkdirSync(inside)
    for (const file of files) writeFileSync(join(inside, file), '')
    if (kind !== 'waits') utimesSync(inside, old, old)
  }
  writeFileSync(join(folder, 'lock.cccccc'), '')
  utimesSync(join(folder, 'lock.cccccc'), old, old)
  await locked(path, () => Promise.resolve())
  expect(readdirSync(folder)).toEqual(['lock.backup', 'lock.bbbbbb', 'lock.cccccc'])
})

test('several processes that find a stale lock at the same moment get it one at a time', async () => {
  let atOnce = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, (atOnce += 1))
    await new Promise((resolve) => setTimeout(resolve, 5))
    atOnce -= 1
  }
  for (let round = 0; round < 3; round += 1) {
    leaveStale()
    await Promise.all(Array.from({ length: 5 }, () => locked(path, work)))
  }
  expect(most).toBe(1)
  expect(readdirSync(folder)).toEqual([])
})

test('a holder that was too slow does not remove the lock of the next one', async () => {
  const isIn = new Deferred<void>()
  await locked(path, async () => {
    const [own = ''] = readdirSync(path)
    const old = new Date(Date.now() - 60_000)
    utimesSync(join(path, own), old, old)
    // As after a sleep of the machine: another process takes the lock over, and still has it.
    void locked(path, () => (isIn.resolve(), new Promise(() => {})))
    await isIn.promise
  })
  expect(readdirSync(path)).toHaveLength(1)
})

test('a missing folder is an error', async () => {
  await expect(locked(join(path, 'lock'), () => Promise.resolve())).rejects.toThrow('ENOENT')
})
