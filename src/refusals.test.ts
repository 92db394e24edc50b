import { expect, test } from 'vitest'

import { ApiError } from './errors.ts'
import { ClientLeft, overloaded, stopping, throwIfLeft } from './refusals.ts'

test('a temporary refusal has a retry-after', () => {
  for (const refusal of [stopping(), overloaded('all is taken (made_up)', 'made_up')]) {
    expect(refusal).toBeInstanceOf(ApiError)
    expect(refusal).toMatchObject({ type: 'overloaded_error', status: 529, retryAfter: 5 })
  }
})

test('a step after the client has left throws the reason of its signal', () => {
  const leaving = new AbortController()
  expect(() => throwIfLeft(leaving.signal)).not.toThrow()
  const reason = new Error('made up')
  leaving.abort(reason)
  let thrown: unknown
  try {
    throwIfLeft(leaving.signal)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(ClientLeft)
  expect(thrown).toMatchObject({ status: 499, cause: reason })
})
