import { expect, test } from 'vitest'

import { sizeOf } from '../json-pieces.ts'
import { createAnswerMemory } from './answer-memory.ts'

function answer(text: string) {
  return [{ type: 'text', text }]
}

const SIZE = sizeOf(answer('a'))

test('the least recently used answers are forgotten first', () => {
  const memory = createAnswerMemory(2 * SIZE)
  memory.set('one', answer('a'))
  memory.set('two', answer('b'))
  expect(memory.get('one')).toEqual(answer('a'))
  memory.set('three', answer('c'))
  expect(['one', 'two', 'three'].map((name) => memory.get(name))).toEqual([
    answer('a'),
    undefined,
    answer('c'),
  ])
})

test('an answer that is larger than the limit is not kept, and displaces no other', () => {
  const memory = createAnswerMemory(SIZE)
  memory.set('one', answer('a'))
  memory.set('two', answer('long'))
  expect(memory.get('one')).toEqual(answer('a'))
  expect(memory.get('two')).toBeUndefined()
})
