import { describe, expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { checkValues } from './check-values.ts'
import { MAX_DEPTH, MAX_VALUES } from './json-limits.ts'

function check(value: unknown): unknown {
  try {
    checkValues(value)
    return 'allowed'
  } catch (error) {
    return error
  }
}

function nested(depth: number): unknown {
  return JSON.parse('{"a":['.repeat(depth / 2) + ']}'.repeat(depth / 2))
}

test.each([
  [null],
  [true],
  [-0],
  [Number.MAX_VALUE],
  [Number.MIN_VALUE],
  [''],
  ['\u0000 \u2028 \uFFFF 👩🏽‍🚀'],
  [[]],
  [{}],
  [{ '': [{ constructor: 1 }], '👩🏽‍🚀': null }],
  [JSON.parse('{"__proto__":{"a":1}}')],
])('%j can be sent on unchanged', (value) => {
  expect(check(value)).toBe('allowed')
})

describe('a body that would change on the way is refused', () => {
  test.each([
    ['a high surrogate before a letter', '\uD83Da', 'a lone surrogate in a string'],
    ['a low surrogate after a letter', { a: ['a\uDE00'] }, 'a lone surrogate in a string'],
    ['a pair the wrong way round', '\uDE00\uD83D', 'a lone surrogate in a string'],
    ['a lone surrogate in a key', [{ '\uD83D': 1 }], 'a lone surrogate in a string'],
    ['a lone surrogate below __proto__', JSON.parse('{"__proto__":"\\ud83d"}'), 'a lone surrogate'],
    ['a number above the largest', [JSON.parse('1e400')], 'a number out of range'],
    ['a number below the smallest', { a: { b: JSON.parse('-1e400') } }, 'a number out of range'],
  ])('%s', (_name, value, message) => {
    expect(check(value)).toBeInstanceOf(ApiError)
    expect(check(value)).toMatchObject({
      type: 'invalid_request_error',
      status: 400,
      message: expect.stringContaining(message),
    })
  })
})

test('values are accepted up to the maximum depth', () => {
  expect(check(nested(MAX_DEPTH))).toBe('allowed')
  expect(check(nested(MAX_DEPTH + 2))).toMatchObject({
    message: 'The request body holds values that are nested too deeply.',
  })
})

test('values are accepted up to the maximum count', () => {
  const list = Array.from({ length: MAX_VALUES - 1 }, () => 0)
  expect(check(list)).toBe('allowed')
  expect(check([...list, 0])).toMatchObject({
    message: 'The request body holds more than 1000000 values.',
  })
})
