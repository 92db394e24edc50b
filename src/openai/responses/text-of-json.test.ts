import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { inputReader } from './text-of-json.ts'

test('the pieces make up the text, however its JSON is cut, and none splits a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.nat(20), { minLength: 1 }),
      fc.boolean(),
      (text, sizes, isEscaped) => {
        const plain = JSON.stringify({ input: text })
        const json = isEscaped
          ? plain.replaceAll(
              /[^\x20-\x7E]/g,
              (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
            )
          : plain
        const read = inputReader()
        const pieces: string[] = []
        let left = json
        for (let turn = 0; left !== ''; turn += 1) {
          const size = 1 + (sizes[turn % sizes.length] ?? 0)
          pieces.push(read(left.slice(0, size)))
          left = left.slice(size)
        }
        expect(pieces.join('')).toBe(text)
        for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
      },
    ),
  )
})

test('JSON of another form has no text', () => {
  const read = inputReader()
  expect(read('{"other":"text"}')).toBe('')
})
