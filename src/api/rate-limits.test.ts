import { expect, test } from 'vitest'

import { rateLimitHeaders, type RateLimits, withoutEndedWindows } from './rate-limits.ts'

const LIMITS: RateLimits = {
  status: 'allowed_warning',
  decidedBy: 'five_hour',
  resetsAt: 2000,
  windows: {
    five_hour: { utilization: 0.8, resetsAt: 2000, status: 'allowed_warning' },
    seven_day_opus: { utilization: 0.1, resetsAt: 9000 },
  },
  overage: { isInUse: false, status: 'rejected', disabledReason: 'org_level_disabled' },
}

test('the headers contain the known values', () => {
  expect(rateLimitHeaders(LIMITS)).toEqual({
    'anthropic-ratelimit-unified-status': 'allowed_warning',
    'anthropic-ratelimit-unified-reset': '2000',
    'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    'anthropic-ratelimit-unified-5h-status': 'allowed_warning',
    'anthropic-ratelimit-unified-5h-utilization': '0.8',
    'anthropic-ratelimit-unified-5h-reset': '2000',
    'anthropic-ratelimit-unified-7d_opus-utilization': '0.1',
    'anthropic-ratelimit-unified-7d_opus-reset': '9000',
    'anthropic-ratelimit-unified-overage-status': 'rejected',
    'anthropic-ratelimit-unified-overage-disabled-reason': 'org_level_disabled',
  })
})

test('a window that was reset is left out', () => {
  expect(withoutEndedWindows(LIMITS, 1000, 1999)).toEqual(LIMITS)
  expect(withoutEndedWindows(LIMITS, 1000, 2000)).toBeUndefined()
  const windows = { ...LIMITS.windows, seven_day: { utilization: 1, resetsAt: 1500 } }
  expect(withoutEndedWindows({ ...LIMITS, windows }, 1000, 1600)?.windows).toEqual(LIMITS.windows)
})

test('a state without an end is valid for an hour', () => {
  const { resetsAt: _, ...limits } = { ...LIMITS, windows: { five_hour: { utilization: 1 } } }
  expect(withoutEndedWindows(limits, 1000, 4599)).toEqual(limits)
  expect(withoutEndedWindows(limits, 1000, 4600)).toBeUndefined()
})
