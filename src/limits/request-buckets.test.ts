import { expect, test, vi } from 'vitest'

import { LocalBuckets } from './request-buckets.ts'

test('requests are allowed after the clock was put back', async () => {
  const now = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + 7_200_000)
  const buckets = new LocalBuckets()
  expect(await buckets.take('ann', 2)).toBe(0)
  now.mockImplementation(() => performance.timeOrigin)
  expect(await buckets.take('ann', 2)).toBe(0)
  now.mockRestore()
})
