import { expect, test } from 'vitest'

import type { ContentBlock, Message } from '../api/types.ts'
import { rememberAnswer, restoreAnswers } from './given.ts'

const ASKED: Message = { role: 'user', content: 'Hello.' }
const THOUGHT = { type: 'thinking', thinking: 'They greet me.', signature: 'c2lnbmVk' }
const GIVEN: ContentBlock[] = [THOUGHT, { type: 'text', text: 'Hi.', citations: null }]

/** A memory of one answer. */
function remembered(content: ContentBlock[] = GIVEN): Map<string, ContentBlock[]> {
  const given = new Map<string, ContentBlock[]>()
  rememberAnswer(restoreAnswers([ASKED], given).name, content, given)
  return given
}

function answers(messages: Message[], given = remembered()): unknown[] {
  const restored = restoreAnswers(messages, given).messages
  return restored.filter(({ role }) => role === 'assistant').map(({ content }) => content)
}

const NEXT: Message = { role: 'user', content: 'Go on.' }

test('an answer that comes back is what was given out', () => {
  expect(answers([ASKED, { role: 'assistant', content: 'Hi.' }, NEXT])).toEqual([GIVEN])
})

test('so is one that comes back in several messages', () => {
  const given = remembered([
    THOUGHT,
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'a', name: 'look', input: { at: 1 }, caller: { type: 'direct' } },
  ])
  const pieces: Message[] = [
    { role: 'assistant', content: 'I look.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: { at: 1 } }] },
  ]
  expect(answers([ASKED, ...pieces, NEXT], given)).toEqual([...given.values()])
})

test.each<[string, Message[]]>([
  ['the answer was edited', [ASKED, { role: 'assistant', content: 'Hi!' }, NEXT]],
  ['the question was', [NEXT, { role: 'assistant', content: 'Hi.' }, NEXT]],
  [
    'something was said before',
    [NEXT, { role: 'assistant', content: 'Go.' }, ASKED, { role: 'assistant', content: 'Hi.' }],
  ],
])('nothing is put into a conversation in which %s', (_, messages) => {
  expect(restoreAnswers(messages, remembered()).messages).toEqual(messages)
})

test('an answer that comes back whole anyway is not kept', () => {
  expect(remembered([{ type: 'text', text: 'Hi.', citations: null }]).size).toBe(0)
})
