import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readRegularFile } from './regular-file.ts'

let folder: string

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'regular-file-'))))
afterAll(() => rmSync(folder, { recursive: true }))

test('a file is read whole, up to the maximum size', async () => {
  const path = join(folder, 'keys')
  writeFileSync(path, 'é'.repeat(50))
  expect(await readRegularFile(path, 100)).toBe('é'.repeat(50))
  await expect(readRegularFile(path, 99)).rejects.toThrow('it has more than 99 bytes')
})

test('a missing file is no error', async () => {
  expect(await readRegularFile(join(folder, 'nowhere'), 9)).toBeUndefined()
  writeFileSync(join(folder, 'file'), '')
  expect(await readRegularFile(join(folder, 'file', 'below'), 9)).toBeUndefined()
})

test.skipIf(process.platform === 'win32')('a pipe is refused at once', async () => {
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  await expect(readRegularFile(path, 9)).rejects.toThrow('it is not a regular file')
})

test('a folder and a device are refused', async () => {
  await expect(readRegularFile(folder, 9)).rejects.toThrow(/not a regular file|EISDIR/)
  if (process.platform === 'win32') return
  await expect(readRegularFile('/dev/zero', 9)).rejects.toThrow('it is not a regular file')
})
