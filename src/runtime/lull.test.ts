import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Lull } from './lull.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function openLull(isUrgent: () => boolean) {
  const work = vi.fn<() => void>()
  return { work, lull: new Lull(work, isUrgent) }
}

test('work is done a moment after it was requested, once', () => {
  const { work, lull } = openLull(() => false)
  lull.request()
  lull.request()
  expect(work).not.toHaveBeenCalled()
  vi.runAllTimers()
  expect(work).toHaveBeenCalledTimes(1)
})

test('work waits while something is urgent', () => {
  let isUrgent = true
  const { work, lull } = openLull(() => isUrgent)
  lull.request()
  vi.advanceTimersByTime(500)
  expect(work).not.toHaveBeenCalled()
  isUrgent = false
  vi.advanceTimersByTime(500)
  expect(work).toHaveBeenCalledTimes(1)
})

test('work does not wait for ever', () => {
  const { work, lull } = openLull(() => true)
  lull.request()
  vi.advanceTimersByTime(2000)
  expect(work).toHaveBeenCalledTimes(1)
})

test('what was cancelled is not done, and may be requested again', () => {
  const { work, lull } = openLull(() => false)
  lull.request()
  lull.cancel()
  vi.runAllTimers()
  expect(work).not.toHaveBeenCalled()
  lull.request()
  vi.runAllTimers()
  expect(work).toHaveBeenCalledTimes(1)
})
