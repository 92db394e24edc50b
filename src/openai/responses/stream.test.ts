import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'

import { REPLIES } from '../../../test/contract/reply/replies.ts'
import type { ReplyMessage } from '../../api/types.ts'
import { ApiError } from '../../errors.ts'
import { createFold } from '../../stream/fold.ts'
import { responseOf } from './reply.ts'
import { ResponseStream } from './stream.ts'
import { ToolNames } from './tool-names.ts'

const NOW = 1_700_000_000
const HEAD = {
  id: 'resp_1',
  request: { input: 'Hello' },
  createdAt: NOW,
  names: new ToolNames(),
}

function fold(events: { type: string }[]): ReplyMessage {
  const folded = createFold()
  for (const event of events) folded.push(event)
  return folded.message()
}

function typesOf(events: ResponseStreamEvent[]): string[] {
  return events.map(({ type }) => type.replace(/^response\./, ''))
}

describe.each(REPLIES)('a reply with $title', ({ events }) => {
  // The message is ahead of the translated events, as with a client that reads slowly.
  const folded = createFold()
  for (const event of events) folded.push(event)
  const stream = new ResponseStream(HEAD, folded, () => NOW)
  const streamed = events.flatMap((event) => stream.push(event))
  const whole = responseOf(fold(events), HEAD, NOW)

  test('ends as the response without a stream', () => {
    expect(streamed.at(-1)).toMatchObject({ response: whole })
    expect(streamed.map((event) => event.sequence_number)).toEqual([...streamed.keys()])
  })

  test('has each item added once, and done once with its final content', () => {
    const begun = streamed.filter((event) => event.type === 'response.output_item.added')
    const done = streamed.filter((event) => event.type === 'response.output_item.done')
    expect(begun.map((event) => event.output_index)).toEqual([...whole.output.keys()])
    const inOrder = done.toSorted((a, b) => a.output_index - b.output_index)
    expect(inOrder.map(({ item }) => item)).toEqual(whole.output)
    expect(begun.map(({ item }) => item.id)).toEqual(whole.output.map(({ id }) => id))
  })

  test('has deltas that make up the texts', () => {
    for (const event of streamed) {
      if (event.type === 'response.output_text.done') {
        const pieces = streamed.flatMap((other) =>
          other.type === 'response.output_text.delta' &&
          other.item_id === event.item_id &&
          other.content_index === event.content_index
            ? [other.delta]
            : [],
        )
        expect(pieces.join('')).toBe(event.text)
      }
    }
  })
})

function start(content_block: object, index: number) {
  return { type: 'content_block_start', index, content_block }
}

const OPENING = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'made-up',
    content: [],
    stop_reason: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
}

/** Each event is translated as soon as it is folded in. */
function translated(events: { type: string; [field: string]: unknown }[]): ResponseStreamEvent[] {
  const folded = createFold()
  const stream = new ResponseStream(HEAD, folded, () => NOW)
  return events.flatMap((event) => {
    folded.push(event)
    return stream.push(event)
  })
}

test('content of message_start becomes items of its own', () => {
  const content = [
    { type: 'text', text: 'I look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { a: 1 } },
  ]
  const message = { ...OPENING.message, content, stop_reason: 'tool_use' }
  const events = translated([{ ...OPENING, message }, { type: 'message_stop' }])
  expect(typesOf(events)).toEqual([
    'created',
    'in_progress',
    'output_item.added',
    'content_part.added',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'completed',
  ])
})

test('the events come in the order of OpenAI', () => {
  const events = translated([
    OPENING,
    start({ type: 'thinking', thinking: '', signature: '' }, 0),
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 's' } },
    { type: 'content_block_stop', index: 0 },
    start({ type: 'text', text: '' }, 1),
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'I look.' } },
    { type: 'content_block_stop', index: 1 },
    start({ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }, 2),
    {
      type: 'content_block_delta',
      index: 2,
      delta: { type: 'input_json_delta', partial_json: '{}' },
    },
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ])
  expect(typesOf(events)).toEqual([
    'created',
    'in_progress',
    'output_item.added',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_summary_part.done',
    'output_item.done',
    'output_item.added',
    'content_part.added',
    'output_text.delta',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'completed',
  ])
})

test('a search becomes an item with its results, and a citation an annotation', () => {
  const call = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
  const url = 'https://found.example/'
  const found = [{ type: 'web_search_result', url, title: 'Found', encrypted_content: 'x' }]
  const citation = { type: 'web_search_result_location', url, title: 'Found', cited_text: 'Y' }
  const events = translated([
    OPENING,
    start(call, 0),
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: '{"query":"q"}' },
    },
    { type: 'content_block_stop', index: 0 },
    start({ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: found }, 1),
    { type: 'content_block_stop', index: 1 },
    start({ type: 'text', text: '', citations: [] }, 2),
    { type: 'content_block_delta', index: 2, delta: { type: 'citations_delta', citation } },
    { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'Yes.' } },
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ])
  expect(typesOf(events).slice(2, 7)).toEqual([
    'output_item.added',
    'web_search_call.in_progress',
    'web_search_call.searching',
    'web_search_call.completed',
    'output_item.done',
  ])
  expect(typesOf(events)).toContain('output_text.annotation.added')
  expect(events.at(-1)).toMatchObject({
    response: {
      output: [
        {
          type: 'web_search_call',
          status: 'completed',
          action: { type: 'search', query: 'q', sources: [{ type: 'url', url }] },
        },
        {
          type: 'message',
          content: [
            {
              text: 'Yes.',
              annotations: [
                { type: 'url_citation', url, title: 'Found', start_index: 0, end_index: 4 },
              ],
            },
          ],
        },
      ],
    },
  })
})

test('a stream that fails has the error in both forms that clients look for', () => {
  const stream = new ResponseStream(HEAD, createFold(), () => NOW)
  stream.push(OPENING)
  expect(stream.fail(new ApiError('rate_limit_error', 'Slow down.'))).toMatchObject([
    {
      type: 'error',
      sequence_number: 2,
      code: 'rate_limit_exceeded',
      message: 'Slow down.',
      error: { type: 'rate_limit_error', message: 'Slow down.' },
    },
    {
      type: 'response.failed',
      sequence_number: 3,
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
    },
  ])
})

test('a response that fails has its complete items, and no other', () => {
  const folded = createFold()
  const stream = new ResponseStream(HEAD, folded, () => NOW)
  const events = [
    OPENING,
    start({ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }, 0),
    { type: 'content_block_stop', index: 0 },
    start({ type: 'text', text: '' }, 1),
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Half of' } },
  ]
  for (const event of events) {
    folded.push(event)
    stream.push(event)
  }
  const failed = stream.fail(new ApiError('api_error', 'Broken.')).at(-1)
  expect(failed).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
  expect(failed !== undefined && 'response' in failed && failed.response.output).toMatchObject([
    { type: 'function_call', call_id: 'toolu_1' },
  ])
})

test('a stream that fails before its response began has only an error', () => {
  const stream = new ResponseStream(HEAD, createFold(), () => NOW)
  const events = stream.fail(new ApiError('api_error', 'Broken.'))
  expect(events.map(({ type }) => type)).toEqual(['error'])
})
