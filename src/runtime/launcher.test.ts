import { expect, test } from 'vitest'

import { Launcher } from './launcher.ts'
import type { Launch } from './runtime-process.ts'

test('a spare that the system refuses to start is none, and the next one waits', async () => {
  let changes = 0
  const launcher = new Launcher(() => (changes += 1))
  const args = ['']
  const launch: Launch = { command: process.execPath, args, cwd: undefined, env: {} }
  launcher.take(launch)
  // Refused as it is where there is no memory: at once, and by an exception.
  args[0] = 'x'.repeat(8 * 1024 * 1024)
  expect(() => launcher.startSpare()).not.toThrow()
  expect(launcher.spareCount).toBe(0)
  expect(launcher.pause).toBeGreaterThan(0)
  expect(changes).toBe(2)
  await launcher.close()
})
