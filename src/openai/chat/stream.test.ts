import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { describe, expect, test } from 'vitest'

import { REPLIES } from '../../../test/contract/reply/replies.ts'
import type { ReplyMessage } from '../../api/types.ts'
import { createFold } from '../../stream/fold.ts'
import { chatCompletion } from './reply.ts'
import { createChatStream } from './stream.ts'

const CREATED = 1_700_000_000

describe.each(REPLIES)('a reply with $title', ({ events }) => {
  const stream = createChatStream({ created: CREATED, includeUsage: true })
  const chunks = events.flatMap((event) => stream.push(event))

  test('says the same in chunks as at once', () => {
    const whole = chatCompletion(fold(events), CREATED)
    const [{ message, finish_reason: reason } = neverThere()] = whole.choices
    expect(putTogether(chunks)).toEqual({
      content: message.content ?? '',
      reasoning: (message as { reasoning_content?: string }).reasoning_content ?? '',
      refusal: message.refusal ?? '',
      calls: message.tool_calls ?? [],
      reason,
      usage: whole.usage,
      heads: [{ id: whole.id, model: chunks[0]?.model, object: 'chat.completion.chunk' }],
    })
  })

  test('tells the whole message when it is over', () => {
    expect(stream.message()).toEqual(fold(events))
  })
})

test('a call without input has arguments all the same, for clients parse them', () => {
  const stream = createChatStream({ created: CREATED, includeUsage: false })
  const block = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
  const chunks = [
    { type: 'message_start', message: { id: 'msg_1', model: 'm', content: [], usage: {} } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_stop', index: 0 },
  ].flatMap((event) => stream.push(event))
  const pieces = chunks
    .flatMap(({ choices }) => choices.flatMap(({ delta }) => delta.tool_calls ?? []))
    .map((call) => call.function?.arguments)
  expect(pieces).toEqual(['', '{}'])
})

test('usage is told only where it is asked for', () => {
  const stream = createChatStream({ created: CREATED, includeUsage: false })
  const chunks = (REPLIES[0]?.events ?? []).flatMap((event) => stream.push(event))
  expect(chunks.filter((chunk) => 'usage' in chunk)).toEqual([])
  expect(chunks.at(-1)?.choices).toMatchObject([{ finish_reason: 'stop' }])
})

function fold(events: { type: string }[]): ReplyMessage {
  const folded = createFold()
  for (const event of events) folded.push(event)
  return folded.message()
}

/** What a client makes of the chunks. */
function putTogether(chunks: ChatCompletionChunk[]): object {
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
  const calls: object[] = []
  for (const { index, id, type, function: piece } of deltas.flatMap(
    (delta) => delta.tool_calls ?? [],
  )) {
    const before = calls[index] as { function: { arguments: string } } | undefined
    if (before === undefined) calls[index] = { id, type, function: { ...piece } }
    else before.function.arguments += piece?.arguments ?? ''
  }
  const heads = chunks.map(({ id, model, object }) => JSON.stringify({ id, model, object }))
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas
      .map((delta) => (delta as { reasoning_content?: string }).reasoning_content ?? '')
      .join(''),
    refusal: deltas.map(({ refusal }) => refusal ?? '').join(''),
    calls: calls.map(withCompactArguments),
    reason: chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).at(-1),
    usage: chunks.at(-1)?.usage,
    heads: [...new Set(heads)].map((head) => JSON.parse(head) as unknown),
  }
}

/** Arguments as `JSON.stringify` writes them, where they are JSON. */
function withCompactArguments(call: object): object {
  const { function: called } = call as { function: { name: string; arguments: string } }
  return { ...call, function: { ...called, arguments: compact(called.arguments) } }
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    // What was cut is `{}` when the reply is folded.
    return '{}'
  }
}

function neverThere(): never {
  throw new Error('There is no choice.')
}
