import { expect, test } from 'vitest'

import type { ContentBlock, Message, MessagesRequest } from '../api/types.ts'
import { rememberAnswer, restoreAnswers } from './remembered-answers.ts'
import { atOnce } from '../steps.ts'

const ASKED: Message = { role: 'user', content: 'Hello.' }
const THOUGHT = { type: 'thinking', thinking: 'They greet me.', signature: 'c2lnbmVk' }
const ANSWER: ContentBlock[] = [THOUGHT, { type: 'text', text: 'Hi.', citations: null }]
const RETURNED: Message = { role: 'assistant', content: 'Hi.' }
const NEXT: Message = { role: 'user', content: 'Go on.' }

const IDENTITY = {
  model: 'one-model',
  system: [{ type: 'text' as const, text: 'Be kind.' }],
  tools: [{ name: 'look', input_schema: { type: 'object' } }],
}

/** A memory of one answer to `ASKED`, for the caller `one`. */
function memoryOf(content: ContentBlock[] = ANSWER): Map<string, ContentBlock[]> {
  const answers = new Map<string, ContentBlock[]>()
  const { name } = atOnce(restoreAnswers({ ...IDENTITY, messages: [ASKED] }, 'one', answers))
  rememberAnswer(name, content, answers)
  return answers
}

type Difference = {
  answers?: Map<string, ContentBlock[]>
  identity?: Partial<MessagesRequest>
  caller?: string
}

/** The assistant's messages in a conversation, as they go upstream. */
function said(
  messages: Message[],
  { answers = memoryOf(), identity = IDENTITY, caller = 'one' }: Difference = {},
): unknown[] {
  const restored = atOnce(restoreAnswers({ ...identity, messages }, caller, answers)).messages
  return restored.filter(({ role }) => role === 'assistant').map(({ content }) => content)
}

test("a returned answer becomes the API's answer again", () => {
  expect(said([ASKED, RETURNED, NEXT])).toEqual([ANSWER])
})

test('an answer that is returned in several messages does too', () => {
  const answers = memoryOf([
    THOUGHT,
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'a', name: 'look', input: { at: 1 }, caller: { type: 'direct' } },
  ])
  const pieces: Message[] = [
    { role: 'assistant', content: 'I look.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: { at: 1 } }] },
  ]
  expect(said([ASKED, ...pieces, NEXT], { answers })).toEqual([...answers.values()])
})

test.each<[string, Message[]]>([
  ['the answer was edited', [ASKED, { role: 'assistant', content: 'Hi!' }, NEXT]],
  ['the question was edited', [NEXT, RETURNED, NEXT]],
  ['another message is in front', [NEXT, { role: 'assistant', content: 'Go.' }, ASKED, RETURNED]],
])('no answer is restored in a conversation in which %s', (_, messages) => {
  const restored = atOnce(restoreAnswers({ ...IDENTITY, messages }, 'one', memoryOf()))
  expect(restored.messages).toEqual(messages)
})

test.each<[string, Difference]>([
  ['another caller', { caller: 'two' }],
  ['another model', { identity: { ...IDENTITY, model: 'another-model' } }],
  ['the default model', { identity: { system: IDENTITY.system, tools: IDENTITY.tools } }],
  ['another system prompt', { identity: { ...IDENTITY, system: [{ type: 'text', text: 'Be.' }] } }],
  ['no system prompt', { identity: { model: IDENTITY.model, tools: IDENTITY.tools } }],
  ['other tools', { identity: { ...IDENTITY, tools: [] } }],
])('no answer is restored in the same messages with %s', (_, difference) => {
  expect(said([ASKED, RETURNED, NEXT], difference)).toEqual(['Hi.'])
})

test('an answer that the client returns whole is not kept', () => {
  expect(memoryOf([{ type: 'text', text: 'Hi.', citations: null }]).size).toBe(0)
})
