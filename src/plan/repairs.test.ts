import { expect, test } from 'vitest'

import {
  hasRepairableContent,
  hasRepairableParameters,
  hasThoughts,
  withoutThoughts,
} from './repairs.ts'

const TEXT = { type: 'text', text: 'Hello.' }
const THOUGHT = { type: 'thinking', thinking: 'Hm.', signature: 'made-up' }
const REDACTED = { type: 'redacted_thinking', data: 'made-up' }
const IMAGE = { type: 'image', source: { type: 'file', file_id: 'file_1' } }
const DOCUMENT = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } }

const messagesOf = (...content: { type: string }[]) => [{ role: 'user' as const, content }]

test.each([
  ['a thought', THOUGHT, true],
  ['a redacted thought', REDACTED, true],
  ['an image', IMAGE, true],
  ['a document', DOCUMENT, true],
  ['an image in a result', { type: 'tool_result', tool_use_id: 'a', content: [IMAGE] }, true],
  ['a text in a result', { type: 'tool_result', tool_use_id: 'a', content: 'image' }, false],
  ['nulls in unchecked content', { type: 'search_result', content: [null, 'text', 1] }, false],
  ['a text', TEXT, false],
])('%s among others is content that the runtime would change: %j → %s', (_, block, expected) => {
  expect(hasRepairableContent(messagesOf(TEXT, block))).toBe(expected)
})

test('messages of plain text have nothing to change', () => {
  expect(hasRepairableContent([{ content: 'thinking' }, {}])).toBe(false)
})

const LISTED = { takesEffort: true, takesAdaptiveThinking: true }

test.each([
  [{}, {}, false],
  [{ output_config: { effort: 'low' } }, {}, true],
  [{ output_config: { effort: 'low' } }, LISTED, false],
  [{ output_config: { format: {} } }, {}, false],
  [{ thinking: { type: 'adaptive' } }, {}, true],
  [{ thinking: { type: 'adaptive' } }, LISTED, false],
  [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, LISTED, true],
  [{ thinking: { type: 'disabled' } }, {}, false],
])('%j of a model with %j may be refused: %s', (fields, takes, expected) => {
  expect(hasRepairableParameters({ messages: [], ...fields }, takes)).toBe(expected)
})

test('thoughts are removed from messages, and a message of thoughts alone stays', () => {
  const messages = [
    { role: 'user' as const, content: 'Hello?' },
    { role: 'assistant' as const, content: [THOUGHT, TEXT, REDACTED] },
    { role: 'assistant' as const, content: [THOUGHT] },
  ]
  expect(hasThoughts(messages)).toBe(true)
  expect(withoutThoughts(messages)).toEqual([
    messages[0],
    { role: 'assistant', content: [TEXT] },
    messages[2],
  ])
  expect(hasThoughts(withoutThoughts(messages.slice(0, 2)))).toBe(false)
})
