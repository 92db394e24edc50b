import { expect, test, vi } from 'vitest'

import { Broadcast } from './broadcast.ts'

const same = (value: number): number => value

function start() {
  const state = { number: 1 }
  return { state, broadcast: new Broadcast(() => Promise.resolve(state.number)) }
}

test('a reader gets the current value, and each later one', async () => {
  const { state, broadcast } = start()
  const reader = broadcast.watch(same)
  expect(await reader.next()).toEqual({ done: false, value: 1 })
  state.number = 2
  broadcast.changed()
  state.number = 3
  broadcast.changed()
  expect(await reader.next()).toEqual({ done: false, value: 3 })
})

test('without a change no value is sent', async () => {
  const { broadcast } = start()
  const reader = broadcast.watch(same)
  await reader.next()
  let isSettled = false
  const next = reader.next().finally(() => (isSettled = true))
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(isSettled).toBe(false)
  await reader.return?.()
  expect(await next).toEqual({ done: true, value: undefined })
})

test('a change while a value is being read is sent too', async () => {
  const { state, broadcast } = start()
  const reader = broadcast.watch(same)
  const first = reader.next()
  await Promise.resolve()
  await first
  state.number = 2
  broadcast.changed()
  const second = reader.next()
  broadcast.changed()
  expect(await second).toEqual({ done: false, value: 2 })
})

test('the end ends all readers, also later ones', async () => {
  const { broadcast } = start()
  const readers = [broadcast.watch(same), broadcast.watch(same)]
  for (const reader of readers) await reader.next()
  const waiting = readers.map((reader) => reader.next())
  broadcast.close()
  for (const next of waiting) expect((await next).done).toBe(true)
  expect((await broadcast.watch(same).next()).done).toBe(true)
})

test('a reader is registered at its first read: one that never reads would stay for ever', async () => {
  const { broadcast } = start()
  const [asking, silent] = [broadcast.watch(same), broadcast.watch(same)]
  const ends = [asking, silent].map((reader) => vi.spyOn(reader, 'return'))
  await asking.next()
  broadcast.close()
  expect(ends.map((end) => end.mock.calls.length)).toEqual([1, 0])
})

test('a reader that waits for its pause keeps the program running', async () => {
  const { broadcast } = start()
  const reader = broadcast.watch(same)
  await reader.next()
  broadcast.changed()
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const next = reader.next()
  await Promise.resolve()
  await Promise.resolve()
  const started = timers.mock.results.map(({ value }) => value as NodeJS.Timeout)
  timers.mockRestore()
  expect(started.map((timer) => timer.hasRef())).toEqual([true])
  expect((await next).done).toBe(false)
})
