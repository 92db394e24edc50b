import * as fc from 'fast-check'
import type { ChatCompletionMessageFunctionToolCall } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'

import { combineMessages } from '../api/combine.ts'
import { parseMessagesRequest } from '../api/request.ts'
import type { ContentBlock, SentMessage, ReplyMessage } from '../api/types.ts'
import { extendLineage } from '../plan/lineage.ts'
import { chatMessage } from './chat/reply.ts'
import { parseChatRequest, requestOfChat } from './chat/request.ts'
import { rememberAnswer, type RememberedAnswers, restoreAnswers } from './remembered-answers.ts'
import { atOnce } from '../steps.ts'

/** The user message of an OpenAI client: a text, or the results of the calls before. */
type Turn = { said: string; answer: ContentBlock[] }

const text = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((value) => value.trim() !== '')
  .map((value): ContentBlock => ({ type: 'text', text: value, citations: null }))

const thought = fc.oneof(
  fc.record({
    type: fc.constant('thinking'),
    thinking: fc.string(),
    signature: fc.base64String({ minLength: 4 }),
  }),
  fc.record({ type: fc.constant('redacted_thinking'), data: fc.base64String() }),
)

const search = fc.uuid().chain((id) =>
  fc.constantFrom<ContentBlock[]>([
    { type: 'server_tool_use', id: `srvtoolu_${id}`, name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: `srvtoolu_${id}`, content: [] },
  ]),
)

const call = fc.record({
  type: fc.constant('tool_use'),
  id: fc.uuid().map((id) => `toolu_${id}`),
  name: fc.constantFrom('look', 'listen'),
  input: fc.dictionary(fc.string(), fc.jsonValue()).map(roundTripped),
  caller: fc.constant({ type: 'direct' }),
})

const answer = fc
  .tuple(
    fc.array(fc.oneof(thought, text, search), { maxLength: 4 }),
    fc.array(call, { maxLength: 3 }),
    fc.option(text, { nil: undefined }),
  )
  .map(([before, calls, after]) => [...before.flat(), ...calls, ...(after ? [after] : [])])
  .filter((blocks) => blocks.some(({ type }) => type === 'text' || type === 'tool_use'))

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({ said: fc.string({ minLength: 1 }).filter((value) => value.trim() !== ''), answer }),
  { minLength: 1, maxLength: 5 },
)

/** A value after a round trip through JSON. */
function roundTripped<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

function lineageOf(messages: readonly SentMessage[]): string {
  return combineMessages(messages).reduce(extendLineage, '')
}

function callsIn(blocks: readonly ContentBlock[]): string[] {
  return blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => String(id))
}

/** The user message in the API's form, and in the form of an OpenAI client. */
function turnOf(said: string, before: readonly ContentBlock[]) {
  const ids = callsIn(before)
  const results = ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: `of ${id}` }))
  return {
    api: { role: 'user' as const, content: [...results, { type: 'text', text: said }] },
    chat: [
      ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: `of ${id}` })),
      { role: 'user', content: said },
    ],
  }
}

/**
 * An answer as a client returns it: unchanged, or parsed and serialized again, without thoughts.
 */
function sentBack(blocks: ContentBlock[], isWrittenAnew: boolean): object {
  const reply = { content: blocks, stop_reason: 'end_turn' } as unknown as ReplyMessage
  const message = chatMessage(reply, { customTools: new Set(), isLegacy: false })
  if (!isWrittenAnew) return roundTripped(message)
  const { content, tool_calls: calls } = message
  return {
    role: 'assistant',
    content: content ?? '',
    ...(calls && {
      tool_calls: calls.flatMap((one) => (one.type === 'function' ? [withArgumentsAnew(one)] : [])),
    }),
  }
}

function withArgumentsAnew(one: ChatCompletionMessageFunctionToolCall): object {
  const written = JSON.stringify(JSON.parse(one.function.arguments), null, 2)
  return { ...one, function: { ...one.function, arguments: written } }
}

function restored(chat: object[], answers: RememberedAnswers) {
  const body = { model: 'any', messages: chat }
  const asked = parseMessagesRequest(requestOfChat(parseChatRequest(body)))
  return atOnce(restoreAnswers(asked, 'one', answers))
}

test('a conversation that a client returns keeps its lineage, turn after turn', () => {
  fc.assert(
    fc.property(turns, fc.boolean(), (conversation, isWrittenAnew) => {
      const answers: RememberedAnswers = new Map<string, ContentBlock[]>()
      const api: SentMessage[] = []
      const chat: object[] = [{ role: 'system', content: 'Be brief.' }]
      let before: ContentBlock[] = []
      for (const { said, answer: blocks } of conversation) {
        const turn = turnOf(said, before)
        api.push(turn.api)
        chat.push(...turn.chat)

        const { messages, name } = restored(chat, answers)
        expect(lineageOf(messages)).toBe(lineageOf(api))

        rememberAnswer(name, blocks, answers)
        api.push({ role: 'assistant', content: blocks })
        chat.push(sentBack(blocks, isWrittenAnew))
        before = blocks
      }
    }),
  )
})

test('a conversation that is not remembered keeps everything that the dialect can express', () => {
  fc.assert(
    fc.property(turns, (conversation) => {
      const chat: object[] = []
      const expected: SentMessage[] = []
      let before: ContentBlock[] = []
      for (const { said, answer: blocks } of conversation) {
        const turn = turnOf(said, before)
        chat.push(...turn.chat, sentBack(blocks, true))
        expected.push(turn.api, { role: 'assistant', content: wordsOf(blocks) })
        before = blocks
      }
      const last = turnOf('And then?', before)
      const { messages } = restored([...chat, ...last.chat], new Map<string, ContentBlock[]>())
      expect(lineageOf(messages)).toBe(lineageOf([...expected, last.api]))
    }),
  )
})

/** The text of an answer, and then its calls. */
function wordsOf(blocks: readonly ContentBlock[]): ContentBlock[] {
  const said = blocks.map((block) => (block.type === 'text' ? String(block['text']) : '')).join('')
  const calls = blocks.flatMap((block) =>
    block.type === 'tool_use'
      ? [{ type: 'tool_use', id: block['id'], name: block['name'], input: block['input'] }]
      : [],
  )
  return [...(said === '' ? [] : [{ type: 'text', text: said }]), ...calls]
}
