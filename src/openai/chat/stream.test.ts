import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { describe, expect, test } from 'vitest'

import { REPLIES } from '../../../test/contract/reply/replies.ts'
import type { ReplyMessage, StreamEvent } from '../../api/types.ts'
import { createFold } from '../../stream/fold.ts'
import { chatCompletion, chatUsage } from './reply.ts'
import type { CallStyle } from './request.ts'
import { createChatStream } from './stream.ts'

const CREATED = 1_700_000_000
const TOOLS: CallStyle = { customTools: new Set(), isLegacy: false }

function open(events: readonly StreamEvent[], { style = TOOLS, includeUsage = false } = {}) {
  const reply = { message: () => fold(events) }
  return createChatStream({ created: CREATED, includeUsage, index: 0, style, reply })
}

describe.each(REPLIES)('a reply with $title', ({ events }) => {
  const stream = open(events, { includeUsage: true })
  const chunks = events.flatMap((event) => stream.push(event))

  test('has the same content as a stream and as one object', () => {
    const message = fold(events)
    const whole = chatCompletion([message], { id: message.id, created: CREATED, style: TOOLS })
    const [{ message: answer, finish_reason: reason } = neverThere()] = whole.choices
    expect(putTogether(chunks)).toEqual({
      content: answer.content ?? '',
      reasoning: (answer as { reasoning_content?: string }).reasoning_content ?? '',
      refusal: answer.refusal ?? '',
      calls: answer.tool_calls ?? [],
      reason,
      heads: [{ id: whole.id, model: chunks[0]?.model, object: 'chat.completion.chunk' }],
    })
  })

  test('has a chunk with the usage', () => {
    const usage = chatUsage(fold(events))
    expect(stream.usageChunk(usage)).toMatchObject({
      id: chunks[0]?.id,
      object: 'chat.completion.chunk',
      choices: [],
      usage,
    })
  })

  test('returns the whole message at the end', () => {
    expect(stream.message()).toEqual(fold(events))
  })
})

test('a call without input has empty arguments, because clients parse them', () => {
  const stream = open([])
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

describe('a call in another form', () => {
  const events = [
    { type: 'message_start', message: { id: 'msg_1', model: 'm', content: [], usage: {} } },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'patch', input: {} },
    },
    ...['{"input":"*** ', 'Begin\\n"}'].map((partial_json) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]

  function deltas(style: CallStyle): object[] {
    const stream = open(events, { style })
    return events
      .flatMap((event) => stream.push(event))
      .flatMap(({ choices }) => choices)
      .map(({ delta, finish_reason: reason }) => (reason ? { reason } : delta))
  }

  function answer(style: CallStyle) {
    return chatCompletion([fold(events)], { id: 'c', created: CREATED, style }).choices[0]
  }

  test('is a text for a custom tool', () => {
    const style = { customTools: new Set(['patch']), isLegacy: false }
    const custom = { name: 'patch', input: '*** Begin\n' }
    expect(answer(style)).toMatchObject({
      message: { content: null, tool_calls: [{ id: 'toolu_1', type: 'custom', custom }] },
      finish_reason: 'tool_calls',
    })
    expect(deltas(style).slice(1)).toEqual([
      {
        tool_calls: [
          { index: 0, id: 'toolu_1', type: 'custom', custom: { name: 'patch', input: '' } },
        ],
      },
      { tool_calls: [{ index: 0, custom: { input: '*** Begin\n' } }] },
      { reason: 'tool_calls' },
    ])
  })

  test('is a function_call if the request has functions', () => {
    const style = { customTools: new Set<string>(), isLegacy: true }
    expect(answer(style)).toMatchObject({
      message: {
        content: null,
        function_call: { name: 'patch', arguments: '{"input":"*** Begin\\n"}' },
      },
      finish_reason: 'function_call',
    })
    expect(deltas(style).slice(1)).toEqual([
      { function_call: { name: 'patch', arguments: '' } },
      { function_call: { arguments: '{"input":"*** ' } },
      { function_call: { arguments: 'Begin\\n"}' } },
      { reason: 'function_call' },
    ])
  })
})

test('chunks have a usage field only if the client asks for it', () => {
  const events = REPLIES[0]?.events ?? []
  const stream = open(events)
  const chunks = events.flatMap((event) => stream.push(event))
  expect(chunks.filter((chunk) => 'usage' in chunk)).toEqual([])
  expect(chunks.at(-1)?.choices).toMatchObject([{ finish_reason: 'stop' }])
})

function fold(events: readonly StreamEvent[]): ReplyMessage {
  const folded = createFold()
  for (const event of events) folded.push(event)
  return folded.message()
}

/** The message that a client makes of the chunks. */
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
    heads: [...new Set(heads)].map((head) => JSON.parse(head) as unknown),
  }
}

/** Arguments as `JSON.stringify` writes them, if they are JSON. */
function withCompactArguments(call: object): object {
  const { function: called } = call as { function: { name: string; arguments: string } }
  return { ...call, function: { ...called, arguments: compact(called.arguments) } }
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    // A cut input is `{}` when the reply is folded.
    return '{}'
  }
}

function neverThere(): never {
  throw new Error('There is no choice.')
}
