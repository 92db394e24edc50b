import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { CallIds } from './call-ids.ts'

const LEGAL = /^[a-zA-Z0-9_-]+$/

test.each(['toolu_01', 'call_abc-9'])('an id that the API accepts stays: %s', (id) => {
  const ids = new CallIds()
  expect([ids.ofCall(id), ids.ofResult(id)]).toEqual([id, id])
})

test.each(['functions.look:0', 'call_1|fc_1', '', 'ид', 'x'.repeat(200)])(
  'an id that the API refuses is replaced, for the call and its result: %s',
  (id) => {
    const ids = new CallIds()
    const call = ids.ofCall(id)
    expect(call).toMatch(LEGAL)
    expect(ids.ofResult(id)).toBe(call)
  },
)

test('calls that share an id get different ids, and each result belongs to the first call without one', () => {
  const ids = new CallIds()
  const calls = [ids.ofCall('look'), ids.ofCall('look')]
  expect(new Set(calls).size).toBe(2)
  expect([ids.ofResult('look'), ids.ofResult('look')]).toEqual(calls)
  const third = ids.ofCall('look')
  expect(calls).not.toContain(third)
  expect(ids.ofResult('look')).toBe(third)
})

test('a result without a call, or one too many, gets an id of the right form', () => {
  const ids = new CallIds()
  expect(ids.ofResult('functions.look:0')).toMatch(LEGAL)
  const call = ids.ofCall('a')
  expect([ids.ofResult('a'), ids.ofResult('a')]).toEqual([call, call])
})

test('different calls have different ids, and equal histories have equal ids', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 4 })), (calls) => {
      const asked = new CallIds()
      const first = calls.map((id) => asked.ofCall(id))
      const again = new CallIds()
      expect([...calls, 'one more'].map((id) => again.ofCall(id)).slice(0, -1)).toEqual(first)
      expect(new Set(first).size).toBe(calls.length)
      for (const id of first) expect(id).toMatch(LEGAL)
    }),
  )
})

test("an error names the client's ids, and is otherwise unchanged", () => {
  const ids = new CallIds()
  const own = ids.ofCall('functions.look:0')
  const error = new ApiError('invalid_request_error', `${own} has no result: ${own}`, {
    status: 422,
    requestId: 'req_1',
    retryAfter: 7,
    details: { param: 'input' },
  })
  expect(ids.restored(error)).toMatchObject({
    type: 'invalid_request_error',
    message: 'functions.look:0 has no result: functions.look:0',
    status: 422,
    requestId: 'req_1',
    retryAfter: 7,
    details: { param: 'input' },
  })
  const other = new TypeError('a failure')
  expect(ids.restored(other)).toBe(other)
})
