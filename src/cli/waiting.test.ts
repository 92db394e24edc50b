import { PassThrough } from 'node:stream'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Deferred } from '../deferred.ts'
import { remind, showWaiting } from './waiting.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const CURSOR = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true }

/** A stream that keeps its output. */
function screen(isTTY: boolean) {
  const written: string[] = []
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 80,
    rows: 24,
    ...CURSOR,
  })
  stream.on('data', (text: Buffer) => written.push(text.toString()))
  return { written, stream: stream as unknown as NodeJS.WriteStream }
}

test('a pipe and a dumb terminal get no output', async () => {
  for (const [isTTY, env] of [
    [false, {}],
    [true, { TERM: 'dumb' }],
  ] as const) {
    const { written, stream } = screen(isTTY)
    expect(await showWaiting('Starting', Promise.resolve(7), env, stream)).toBe(7)
    expect(written).toEqual([])
  }
})

test('in a terminal no timer is left, after success and after failure', async () => {
  const { stream } = screen(true)
  const work = new Deferred<number>()
  const shown = showWaiting('Starting', work.promise, {}, stream)
  work.resolve(7)
  expect(await shown).toBe(7)
  const failing = showWaiting('Starting', Promise.reject(new Error('made up')), {}, stream)
  await expect(failing).rejects.toThrow('made up')
  expect(vi.getTimerCount()).toBe(0)
})

test('a long wait is reported every five seconds', () => {
  const written: string[] = []
  remind((seconds) => `after ${seconds} s`, { write: (text) => written.push(text) })
  vi.advanceTimersByTime(11_000)
  expect(written).toEqual(['after 5 s\n', 'after 10 s\n'])
})
