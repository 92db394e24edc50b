import { describe, expect, test } from 'vitest'

import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'
import { guardUsage } from './usage-guard.ts'

const NOW = 1_000_000

function limits(overrides: Partial<RateLimits> = {}): RateLimits {
  return {
    status: 'allowed',
    resetsAt: NOW + 600,
    windows: {
      five_hour: { utilization: 0.42, resetsAt: NOW + 600 },
      seven_day: { utilization: 0.17, resetsAt: NOW + 90_000 },
      seven_day_opus: { utilization: 0.9, resetsAt: NOW + 80_000 },
    },
    overage: { isInUse: false },
    ...overrides,
  }
}

function refusal(share: number | undefined, told: RateLimits | undefined, model = 'claude-haiku') {
  try {
    guardUsage(share, told, model, NOW)
    return undefined
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { status, type, retryAfter, message } = error
    return { status, type, retryAfter, message }
  }
}

test('nothing is refused below the share', () => {
  expect(refusal(0.43, limits())).toBeUndefined()
})

test('once the share is used, requests get a 429 until the window resets', () => {
  expect(refusal(0.42, limits())).toEqual({
    status: 429,
    type: 'rate_limit_error',
    retryAfter: 600,
    message:
      '42% of the plan window five_hour is used, and usage_guard is 42%. It resets at 1970-01-12T13:56:40.000Z.',
  })
})

test('the window of a model counts for that model alone', () => {
  expect(refusal(0.8, limits(), 'claude-sonnet-5-5')).toBeUndefined()
  expect(refusal(0.8, limits(), 'claude-opus-5-5')).toMatchObject({ retryAfter: 80_000 })
})

describe('a turn that would use paid overage is refused', () => {
  test.each([
    ['it is in use', { overage: { isInUse: true } }],
    ['the plan is used up', { status: 'rejected', overage: { isInUse: false, status: 'allowed' } }],
  ])('%s', (_, told) => {
    expect(refusal(1, limits(told))).toMatchObject({ status: 429, retryAfter: 600 })
  })

  test('but without overage the API refuses by itself', () => {
    const told = { status: 'rejected', overage: { isInUse: false, status: 'rejected' } }
    expect(refusal(1, limits(told))).toBeUndefined()
  })
})

test('without a guard, or without a plan, nothing is refused', () => {
  expect(refusal(undefined, limits({ overage: { isInUse: true } }))).toBeUndefined()
  expect(refusal(0.01, undefined)).toBeUndefined()
})

test('a window without an end is tried again after an hour', () => {
  const told = limits({ windows: { five_hour: { utilization: 1 } } })
  expect(refusal(0.5, told)).toMatchObject({ retryAfter: 3600 })
})
