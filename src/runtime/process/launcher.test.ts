import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { Launcher, stampOf } from './launcher.ts'

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

test('the end of a launcher ends all its processes, and it starts no more', async () => {
  const told: string[] = []
  const launcher = new Launcher({
    processStarted: () => told.push('started'),
    processEnded: (stopRequested) => told.push(stopRequested ? 'stopped' : 'died'),
  })
  const launch = {
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    cwd: undefined,
    env: {},
  }
  const processes = [launcher.start(launch), launcher.start(launch)]
  await Promise.all(processes.map(({ child }) => once(child, 'spawn')))
  try {
    await launcher.close()
    expect(processes.map(({ isGone }) => isGone)).toEqual([true, true])
    await expect.poll(() => told).toEqual(['started', 'started', 'stopped', 'stopped'])
    expect(() => launcher.start(launch)).toThrow('closed')
  } finally {
    for (const { child } of processes) child.kill('SIGKILL')
  }
})
