import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { onParentGone, startersOf } from './parent.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the end of the parent is reported once', () => {
  let parent = '7'
  const gone = vi.fn<() => void>()
  onParentGone(gone, () => parent)
  vi.advanceTimersByTime(60_000)
  expect(gone).not.toHaveBeenCalled()
  parent = '1'
  vi.advanceTimersByTime(60_000)
  expect(gone).toHaveBeenCalledTimes(1)
  expect(vi.getTimerCount()).toBe(0)
})

test('the parent of a shell that was started for one command is watched as well', () => {
  expect(startersOf(7, () => ({ isShell: true, parent: 6 }))).not.toBe(
    startersOf(7, () => ({ isShell: true, parent: 1 })),
  )
})

test('the parent of another program is not watched: a terminal may be closed', () => {
  expect(startersOf(7, () => ({ isShell: false, parent: 6 }))).toBe(
    startersOf(7, () => ({ isShell: false, parent: 1 })),
  )
  expect(startersOf(7, () => undefined)).toBe('7')
})
