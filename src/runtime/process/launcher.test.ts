import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { stampOf } from './launcher.ts'

test('a replaced executable has another stamp, and an unchanged one the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stamp-'))
  try {
    const file = join(folder, 'claude')
    writeFileSync(file, 'one')
    const before = stampOf(file)
    expect(stampOf(file)).toBe(before)
    writeFileSync(join(folder, 'new'), 'two')
    renameSync(join(folder, 'new'), file)
    expect(stampOf(file)).not.toBe(before)
    expect(stampOf(join(folder, 'none'))).not.toBe(before)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
