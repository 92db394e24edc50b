import { expect, test } from 'vitest'

import type { Channel } from './channel.ts'
import { PLAIN_SETTINGS, ProcessSettings, type State } from './settings.ts'

const STATE: State = {
  model: 'claude-sonnet-4-6',
  system: '',
  settings: PLAIN_SETTINGS,
}

/** Settings of a process, and the functions that acknowledge its changes, oldest first. */
function startSettings(): { settings: ProcessSettings; acknowledge: (() => void)[] } {
  const acknowledge: (() => void)[] = []
  const channel = { applyFlags: () => new Promise<void>((done) => acknowledge.push(done)) }
  return { settings: new ProcessSettings(channel as unknown as Channel, '40', ''), acknowledge }
}

test('the gate is closed once the process confirms it, and open once the opening is sent', async () => {
  const { settings, acknowledge } = startSettings()
  const applied = settings.apply(STATE, 'open')
  acknowledge.shift()?.()
  await applied
  const closed = settings.setGate('closed')
  expect(settings.isClosed).toBe(false)
  acknowledge.shift()?.()
  await closed
  expect(settings.isClosed).toBe(true)
  void settings.apply(STATE, 'open')
  expect(settings.isClosed).toBe(false)
})

test('a gate that was sent an opening stays open when a late confirmation arrives', async () => {
  const { settings, acknowledge } = startSettings()
  const applied = settings.apply(STATE, 'open')
  acknowledge.shift()?.()
  await applied
  const closed = settings.setGate('closed')
  void settings.setGate('open')
  acknowledge.shift()?.()
  await closed
  expect(settings.isClosed).toBe(false)
})
