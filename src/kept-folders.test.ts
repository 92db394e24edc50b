import { existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { keep, keepFolders } from './kept-folders.ts'

let base: string
let folder: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kept-'))
  folder = join(base, 'a', 'b')
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(base, { recursive: true })
})

test('a deleted folder is created again, for this user alone', async () => {
  await keep(folder)
  expect(statSync(folder).isDirectory()).toBe(true)
  if (process.platform !== 'win32') expect(statSync(folder).mode & 0o077).toBe(0)
})

test('a folder that was unused for days gets a new modification time', async () => {
  await keep(folder)
  const longAgo = new Date('2026-01-01')
  utimesSync(folder, longAgo, longAgo)
  await keep(folder)
  expect(statSync(folder).mtimeMs).toBeGreaterThan(longAgo.getTime() + 1e9)
})

test('a folder that can not be created is no error', async () => {
  await expect(keep(join(import.meta.filename, 'x'))).resolves.toBeUndefined()
})

test('the folders are checked regularly until the end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const end = keepFolders([folder], 1000)
  vi.advanceTimersByTime(1000)
  await expect.poll(() => existsSync(folder)).toBe(true)
  expect(vi.getTimerCount()).toBe(1)
  end()
  expect(vi.getTimerCount()).toBe(0)
})
