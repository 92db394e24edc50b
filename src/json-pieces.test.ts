import {
  array,
  assert,
  dictionary,
  jsonValue,
  letrec,
  nat,
  oneof,
  property,
  string,
  tuple,
} from 'fast-check'
import { describe, expect, test } from 'vitest'

import { jsonPieces, jsonText, sizeOf } from './json-pieces.ts'
import { atOnce } from './steps.ts'
import { PIECE_LENGTH } from './text-pieces.ts'

/** Characters of a text that is written in several pieces. */
const LARGE = 3 * PIECE_LENGTH

describe('the joined pieces equal JSON.stringify', () => {
  const largeText = tuple(string({ unit: 'binary' }), nat(LARGE)).map(([unit, length]) =>
    unit.padEnd(1, 'x').repeat(100).padEnd(length, '"\u{1f600}'),
  )
  const large = letrec((tie) => ({
    value: oneof(
      { depthSize: 'small' },
      jsonValue(),
      largeText,
      array(tie('value')),
      dictionary(string(), tie('value')),
    ),
  })).value

  test('for any value', () => {
    assert(
      property(large, (value) => {
        expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value))
        expect(atOnce(jsonText(value))).toBe(JSON.stringify(value))
      }),
      { numRuns: 50 },
    )
  })

  test('for fields that are undefined, which are left out', () => {
    const value = { a: undefined, text: 'x'.repeat(LARGE), b: undefined, c: 1 }
    expect([...jsonPieces(value)].join('')).toBe(JSON.stringify(value))
  })

  test('for an emoji across each border of a piece', () => {
    for (const before of ['', 'x']) {
      const text = before + '\u{1f600}'.repeat(LARGE)
      expect([...jsonPieces(text)].join('')).toBe(JSON.stringify(text))
    }
  })
})

describe('each piece is short', () => {
  test.each([
    ['one long text', 'x'.repeat(40 * PIECE_LENGTH)],
    ['a long text deep inside', [{ a: [{ b: 'x'.repeat(40 * PIECE_LENGTH) }] }]],
    ['many small values', Array.from({ length: 200_000 }, (_, index) => ({ type: 'a', index }))],
    ['many fields', Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [index, {}]))],
  ])('of %s', (_name, value) => {
    const lengths = [...jsonPieces(value)].map((piece) => piece.length)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2 * PIECE_LENGTH)
  })

  test('and many small values share a piece', () => {
    const blocks = Array.from({ length: 100_000 }, () => ({ type: 'text', text: 'word' }))
    expect([...jsonPieces(blocks)].length).toBeLessThan(500)
  })
})

test('the estimated size of a value is about the length of its JSON', () => {
  const value = [
    { type: 'text', text: 'x'.repeat(1_000_000) },
    { type: 'text', text: 'y' },
  ]
  const { length } = JSON.stringify(value)
  expect(sizeOf(value)).toBeGreaterThan(length - 100)
  expect(sizeOf(value)).toBeLessThan(length + 200)
})
