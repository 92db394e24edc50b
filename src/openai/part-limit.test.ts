import { expect, test } from 'vitest'
import { z } from 'zod'

import { checkShape } from './invalid.ts'
import { MAX_PARTS } from './part-limit.ts'

const parts = (count: number): object[] => Array.from({ length: count }, () => ({}))
const anything = z.unknown()

test.each([
  ['messages', { messages: parts(MAX_PARTS + 1) }],
  ['parts of one message', { messages: [{ content: parts(MAX_PARTS) }] }],
  ['parts of many', { input: parts(MAX_PARTS / 4).map(() => ({ content: parts(4) })) }],
])('too many %s are refused', (_name, body) => {
  expect(() => checkShape(anything, body)).toThrow(
    expect.objectContaining({
      status: 400,
      details: { param: Object.keys(body)[0], code: 'array_above_max_length' },
    }),
  )
})

test('the maximum is accepted, and the schema refuses what is no body', () => {
  checkShape(anything, { messages: parts(MAX_PARTS), stop: ['a'] })
  for (const body of [null, 'text', 3, []]) checkShape(anything, body)
})
