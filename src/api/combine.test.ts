import { expect, test } from 'vitest'

import { combineMessages } from './combine.ts'
import type { Message } from './types.ts'

test('messages whose neighbours have the other role stay the same objects', () => {
  const messages: Message[] = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
    { role: 'user', content: [] },
  ]
  const combined = combineMessages(messages)
  expect(combined).toHaveLength(3)
  for (const [index, message] of combined.entries()) expect(message).toBe(messages[index])
})

test('neighbours of one role become one message with the blocks of all, in order', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
  const last: Message = { role: 'user', content: 'e' }
  const combined = combineMessages([
    { role: 'user', content: 'a' },
    { role: 'user', content: [image, { type: 'text', text: 'b' }] },
    { role: 'user', content: [] },
    { role: 'assistant', content: 'c' },
    { role: 'assistant', content: 'd' },
    last,
  ])
  expect(combined).toEqual([
    { role: 'user', content: [{ type: 'text', text: 'a' }, image, { type: 'text', text: 'b' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'c' },
        { type: 'text', text: 'd' },
      ],
    },
    { role: 'user', content: 'e' },
  ])
  expect(combined[2]).toBe(last)
})

test('the input is not changed', () => {
  const messages: Message[] = [
    { role: 'user', content: [{ type: 'text', text: 'a' }] },
    { role: 'user', content: 'b' },
  ]
  const before = structuredClone(messages)
  combineMessages(messages)
  expect(messages).toEqual(before)
})

test('an empty list stays empty', () => {
  expect(combineMessages([])).toEqual([])
})
