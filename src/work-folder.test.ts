import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { stableWorkFolder } from './work-folder.ts'

let base: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'work-folder-'))
})
afterEach(() => rmSync(base, { recursive: true }))

test('the folder is the same each time, private, and contains an explanation', async () => {
  const first = await stableWorkFolder(base)
  expect(await stableWorkFolder(base)).toBe(first)
  expect(first).toMatch(/not-the-clients-folder$/)
  expect(lstatSync(first ?? '').mode & 0o777).toBe(0o700)
  expect(lstatSync(dirname(first ?? '')).mode & 0o777).toBe(0o700)
})

test('a link in place of the folder is not followed', async () => {
  const path = (await stableWorkFolder(base)) ?? ''
  rmSync(path, { recursive: true })
  const elsewhere = join(base, 'elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, path)
  expect(await stableWorkFolder(base)).toBeUndefined()
})

test('a folder that others may write in is not used', async () => {
  const path = (await stableWorkFolder(base)) ?? ''
  chmodSync(dirname(path), 0o777)
  expect(await stableWorkFolder(base)).toBeUndefined()
})

test('there is no working folder if it can not be created', async () => {
  expect(await stableWorkFolder(join(base, 'none'))).toBeUndefined()
})
