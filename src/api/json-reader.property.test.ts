import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyJson, anyText } from '../../test/support/arbitraries.ts'
import { ApiError } from '../errors.ts'
import { checkValues } from './check-values.ts'
import { JsonReader, NotJson } from './json-reader.ts'

/** The value of the text, read in steps of a length, or the reason of its refusal. */
function readInSteps(text: string, step: number): unknown {
  try {
    const reader = new JsonReader(text)
    while (!reader.advance(step));
    return { value: reader.result }
  } catch (error) {
    if (error instanceof NotJson) return 'no JSON'
    if (error instanceof ApiError) return error.message
    throw error
  }
}

function readAtOnce(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    checkValues(value)
    return { value }
  } catch (error) {
    if (error instanceof SyntaxError) return 'no JSON'
    if (error instanceof ApiError) return error.message
    throw error
  }
}

const step = fc.integer({ min: 1, max: 500 })

test('the reader returns the same as JSON.parse, in steps of any length', () => {
  fc.assert(
    fc.property(anyJson, fc.constantFrom(undefined, 0, 1, '\t'), step, (value, space, length) => {
      const text = JSON.stringify(value, undefined, space)
      const read = readInSteps(text, length)
      expect(read).toEqual(readAtOnce(text))
      if (typeof read !== 'string')
        expect(JSON.stringify(read)).toBe(JSON.stringify({ value: JSON.parse(text) as unknown }))
    }),
    { numRuns: 500 },
  )
})

test('the reader refuses what JSON.parse refuses: JSON with any piece inserted or cut out', () => {
  const piece = fc.oneof(
    anyText,
    fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"',
      '\\',
      '-',
      '+',
      '.',
      'e',
      '0',
      '1',
      'u',
      ' ',
      '\n',
      '\u0001',
      't',
      'n',
    ),
  )
  fc.assert(
    fc.property(anyJson, fc.nat(), piece, fc.nat(3), step, (value, place, text, gone, length) => {
      const whole = JSON.stringify(value)
      const at = place % (whole.length + 1)
      const changed = whole.slice(0, at) + text + whole.slice(at + gone)
      const expected = readAtOnce(changed)
      const read = readInSteps(changed, length)
      // If there are several faults, either may be named first.
      if (typeof expected === 'string' && typeof read === 'string') return
      expect(read).toEqual(expected)
    }),
    { numRuns: 1000 },
  )
})
