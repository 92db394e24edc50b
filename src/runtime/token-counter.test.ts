import { expect, test } from 'vitest'

import type { Opening } from '../plan/turn.ts'
import { ClientLeft, throwIfLeft } from '../refusals.ts'
import { TokenCounter } from './token-counter.ts'
import { PLAIN_SETTINGS } from './worker/settings.ts'

const OPENING: Opening = {
  model: 'made-up-model',
  system: 'Be brief.',
  tools: [],
  settings: PLAIN_SETTINGS,
  history: [{ role: 'user', content: 'Hello' }],
}

function counter() {
  const measured: Opening[] = []
  const counts = new TokenCounter(async (opening, signal) => {
    measured.push(opening)
    await Promise.resolve()
    throwIfLeft(signal)
    return { messages: 10, system: 100, tools: 1000 * opening.tools.length }
  })
  return { counts, gauges: () => measured.filter(({ history }) => history.length === 0).length }
}

const there = new AbortController().signal

test('six counts at once for a new model measure its gauge, of two counts, once', async () => {
  const { counts, gauges } = counter()
  const all = await Promise.all(Array.from({ length: 6 }, () => counts.count(OPENING, there)))
  expect(new Set(all).size).toBe(1)
  expect(gauges()).toBe(2)
})

test("a client that leaves does not cancel another's count", async () => {
  const { counts, gauges } = counter()
  const leaving = new AbortController()
  const left = counts.count(OPENING, leaving.signal)
  const other = counts.count(OPENING, there)
  leaving.abort()
  await expect(left).rejects.toBeInstanceOf(ClientLeft)
  expect(await other).toBe(await counts.count(OPENING, there))
  expect(gauges()).toBe(3)
})
