import { expect, test } from 'vitest'

import { limitsOf } from './model-limits.ts'

test.each([
  ['claude-opus-5-5', 1_000_000, 128_000],
  ['claude-sonnet-4-6', 1_000_000, 128_000],
  ['claude-haiku-4-5-20251001', 200_000, 64_000],
  ['claude-sonnet-4-5[1m]', 1_000_000, 64_000],
  ['claude-opus-4-1', 200_000, 32_000],
  ['claude-3-5-haiku-20241022', 200_000, 8192],
])('%s reads %i tokens and writes %i', (model, contextWindow, maxOutput) => {
  expect(limitsOf(model)).toEqual({ contextWindow, maxOutput })
})

test.each(['sonnet', 'gpt-4o'])('the limits of %s are unknown', (model) => {
  expect(limitsOf(model)).toBeUndefined()
})
