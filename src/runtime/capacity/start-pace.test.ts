import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { StartPace } from './start-pace.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('each failed start doubles the pause, up to a minute', () => {
  const pace = new StartPace(1)
  expect(pace.isPaused).toBe(false)
  const pauses = Array.from({ length: 8 }, () => {
    pace.failed()
    return pace.pause
  })
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

test('a pause ends by itself, or with a start that succeeds', () => {
  const pace = new StartPace(1)
  pace.failed()
  vi.advanceTimersByTime(999)
  expect(pace.isPaused).toBe(true)
  vi.advanceTimersByTime(1)
  expect(pace.isPaused).toBe(false)
  pace.failed()
  pace.succeeded()
  expect([pace.isPaused, pace.failures]).toEqual([false, 0])
})
