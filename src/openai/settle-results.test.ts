import { expect, test } from 'vitest'

import type { Message } from '../api/types.ts'
import { settleResults } from './settle-results.ts'

function user(...content: object[]): Message {
  return { role: 'user', content: content as never }
}

function assistant(...content: object[]): Message {
  return { role: 'assistant', content: content as never }
}

const text = (words: string) => ({ type: 'text', text: words })
const call = (id: string) => ({ type: 'tool_use', id, name: 'look', input: {} })
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'A wall.' })

test('results in their place leave the messages unchanged', () => {
  const messages = [
    { role: 'user' as const, content: 'Look.' },
    assistant(call('a'), call('b')),
    user(result('a')),
    user(result('b'), text('And?')),
  ]
  expect(settleResults(messages)).toBe(messages)
})

test("results come before the user's text in the same message", () => {
  expect(
    settleResults([
      user(text('Look.')),
      assistant(call('a')),
      user(text('Be quick.')),
      user(result('a')),
    ]),
  ).toEqual([user(text('Look.')), assistant(call('a')), user(result('a'), text('Be quick.'))])
})

test('a result that is messages late goes to its call', () => {
  expect(
    settleResults([
      user(text('Look.')),
      assistant(call('a'), call('b')),
      user(result('a'), text('How long?')),
      assistant(text('A moment.')),
      user(result('b'), text('Well?')),
    ]),
  ).toEqual([
    user(text('Look.')),
    assistant(call('a'), call('b')),
    user(result('a'), result('b'), text('How long?')),
    assistant(text('A moment.')),
    user(text('Well?')),
  ])
})

test('a message that had only a late result is removed', () => {
  expect(
    settleResults([
      user(text('Look.')),
      assistant(call('a')),
      user(text('Well?')),
      assistant(text('A moment.')),
      user(result('a')),
    ]),
  ).toEqual([
    user(text('Look.')),
    assistant(call('a')),
    user(result('a'), text('Well?')),
    assistant(text('A moment.')),
  ])
})

test('a repeated id belongs to the latest call before it', () => {
  const messages = [
    user(text('Look.')),
    assistant(call('a')),
    user(result('a')),
    assistant(call('a')),
    user(result('a')),
  ]
  expect(settleResults(messages)).toBe(messages)
})

test('a result without a call stays where it is', () => {
  const messages = [user(text('Look.')), assistant(text('No.')), user(result('a'))]
  expect(settleResults(messages)).toBe(messages)
})
