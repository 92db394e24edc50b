import { describe, expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { judge } from './judge.ts'

test.each([
  ['invalid_request_error', 400],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
])('%s is not tried again', (type) => {
  expect(judge(new ApiError(type, 'made up'), 0, 0)).toEqual({ kind: 'final' })
})

describe('is tried again later', () => {
  test.each([
    ['a failure of the API', new ApiError('api_error', 'made up')],
    ['a gateway that fails', new ApiError('api_error', 'made up', { status: 502 })],
    ['a reply that did not come in time', new ApiError('timeout_error', 'made up')],
    ['a failure of this program', new TypeError('made up')],
  ])('%s, with growing waits and a last attempt', (_name, error) => {
    const waits = [0, 1, 2, 3, 4].map((failures) => judge(error, failures, 0))
    expect(waits.map((wait) => wait.kind === 'again' && wait.after)).toEqual([
      1000, 2000, 4000, 8000, 16_000,
    ])
    expect(judge(error, 5, 0)).toEqual({ kind: 'final' })
  })
})

describe('delays all requests', () => {
  test('a rate limit, for its retry-after, any number of times', () => {
    const error = new ApiError('rate_limit_error', 'made up', { retryAfter: 3600 })
    expect(judge(error, 5, 100)).toEqual({
      kind: 'again',
      after: 3_600_000,
      isOwn: false,
      everyone: 'rate limit',
    })
  })

  test('an overload, with growing waits up to five minutes', () => {
    const error = new ApiError('overloaded_error', 'made up')
    expect(judge(error, 0, 0)).toMatchObject({ after: 1000, everyone: 'overload' })
    expect(judge(error, 0, 3)).toMatchObject({ after: 8000 })
    expect(judge(error, 0, 50)).toMatchObject({ after: 300_000 })
  })

  test.each([
    ['authentication_error', 'login'],
    ['billing_error', 'billing'],
  ])('%s', (type, everyone) => {
    expect(judge(new ApiError(type, 'made up'), 5, 0)).toMatchObject({ isOwn: false, everyone })
  })
})
