import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { replaceFile, restoreFile, textOf } from './client-file.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'client-file-'))
  path = join(folder, 'made', 'settings')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('a file that did not exist before is deleted by the undo', async () => {
  expect(await textOf(path)).toBeUndefined()
  await replaceFile(path, undefined, 'one')
  await replaceFile(path, 'one', 'two')
  expect(readFileSync(path, 'utf8')).toBe('two')
  await restoreFile(path)
  expect(existsSync(path)).toBe(false)
  expect(readdirSync(join(folder, 'made'))).toEqual([])
})

test('an existing file is restored byte by byte, also after two writes', async () => {
  path = join(folder, 'settings')
  writeFileSync(path, 'mine\r\n', { mode: 0o640 })
  await replaceFile(path, 'mine\r\n', 'one')
  if (process.platform !== 'win32') expect(modeOf(path)).toBe(0o600)
  await replaceFile(path, 'one', 'two')
  await restoreFile(path)
  expect(readFileSync(path, 'utf8')).toBe('mine\r\n')
  if (process.platform !== 'win32') expect(modeOf(path)).toBe(0o640)
  await expect(restoreFile(path)).rejects.toThrow('there is no change of setup to undo')
})

function modeOf(file: string): number {
  return statSync(file).mode & 0o777
}

test('later changes of the user are kept', async () => {
  await replaceFile(path, undefined, 'one')
  writeFileSync(path, 'one and more')
  await expect(restoreFile(path)).rejects.toThrow('has changed since')
  expect(readFileSync(path, 'utf8')).toBe('one and more')
})
