import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Deferred } from '../deferred.ts'
import { remind, showWaiting } from './waiting.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function screen(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

test('in a terminal the line moves, and is gone in the end', async () => {
  const terminal = screen(true)
  const work = new Deferred<number>()
  const shown = showWaiting('Starting', work.promise, terminal)
  vi.advanceTimersByTime(200)
  work.resolve(7)
  expect(await shown).toBe(7)
  expect(terminal.written).toHaveLength(4)
  expect(terminal.written[0]).toContain('Starting')
  expect(terminal.written[1]).not.toBe(terminal.written[0])
  expect(terminal.written.at(-1)).toBe('\r\u001B[2K')
  expect(vi.getTimerCount()).toBe(0)
})

test('the line is gone also where the work fails', async () => {
  const terminal = screen(true)
  const shown = showWaiting('Starting', Promise.reject(new Error('made up')), terminal)
  await expect(shown).rejects.toThrow('made up')
  expect(terminal.written.at(-1)).toBe('\r\u001B[2K')
})

test('nothing is shown in a pipe', async () => {
  const pipe = screen(false)
  expect(await showWaiting('Starting', Promise.resolve(7), pipe)).toBe(7)
  expect(pipe.written).toEqual([])
})

test('a long wait is told every five seconds', () => {
  const pipe = screen(false)
  remind((seconds) => `after ${seconds} s`, pipe)
  vi.advanceTimersByTime(11_000)
  expect(pipe.written).toEqual(['after 5 s\n', 'after 10 s\n'])
})
