import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { inspectInstallation, packagesFor, type System } from './installation.ts'

const LINUX: System = { platform: 'linux', arch: 'x64', isMusl: false }
const WINDOWS: System = { platform: 'win32', arch: 'x64', isMusl: false }

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'installation-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

test.each<[System, string]>([
  [LINUX, 'linux-x64'],
  [{ ...LINUX, isMusl: true }, 'linux-x64-musl'],
  [{ platform: 'darwin', arch: 'arm64', isMusl: false }, 'darwin-arm64'],
  [WINDOWS, 'win32-x64'],
])('the package for %o is that for %s', (system, ending) => {
  expect(packagesFor(system)[0]).toBe(`@anthropic-ai/claude-agent-sdk-${ending}`)
})

test.each(['claude.cmd', 'claude.BAT', 'claude.ps1'])(
  '%s, which npm makes on Windows, is named as a script that only a shell can start',
  async (name) => {
    const path = join(folder, name)
    writeFileSync(path, '')
    expect(await inspectInstallation(path, WINDOWS, {})).toEqual({
      path,
      problem: { kind: 'shell script' },
    })
    // Elsewhere it is a file like any other.
    expect(await inspectInstallation(path, LINUX, {})).toMatchObject({
      problem: { kind: 'not executable' },
    })
  },
)
