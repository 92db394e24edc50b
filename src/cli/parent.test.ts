import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { onParentGone } from './parent.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a parent that is gone is told of once', () => {
  let parent = 7
  const gone = vi.fn<() => void>()
  onParentGone(gone, () => parent)
  vi.advanceTimersByTime(60_000)
  expect(gone).not.toHaveBeenCalled()
  parent = 1
  vi.advanceTimersByTime(60_000)
  expect(gone).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})
