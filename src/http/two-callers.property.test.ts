import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { appOptions } from '../../test/support/app-options.ts'
import { source } from '../../test/support/source.ts'
import type { ReplyEvent } from '../api/types.ts'
import { createApp } from './app.ts'

/*
 * Two callers send the same messages and get the same texts back. Each reply also has a thought
 * that names its caller: it must never reach the other, upstream or in a reply.
 */

type Caller = { name: string; headers: Record<string, string>; fields: Record<string, unknown> }

/** The differences of the second caller from the first: each of these alone separates the two. */
const DIFFERENCES: Record<string, Partial<Caller>> = {
  key: { headers: { authorization: 'Bearer made-up-2' } },
  'no key': { headers: {} },
  model: { fields: { model: 'model-2' } },
  system: { fields: { model: 'model-1', instructions: 'Be brief.' } },
  tools: { fields: { model: 'model-1', tools: [{ type: 'function', name: 'look' }] } },
}

const FIRST: Caller = {
  name: 'CALLER-1',
  headers: { 'x-api-key': 'made-up-1' },
  fields: { model: 'model-1' },
}

/** A reply whose thought names a caller; its text is the same for everyone. */
function replyFor(caller: string): ReplyEvent[] {
  const thought = { type: 'thinking', thinking: '', signature: '' }
  const events = [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'made-up',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: thought },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'thinking_delta', thinking: `I think of ${caller}.` },
    },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'signature_delta', signature: `signed-${caller}` },
    },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ]
  return events as unknown as ReplyEvent[]
}

/**
 * One turn of a caller: the dialect, streamed or not, and the part of its history that it sends.
 */
const turn = fc.record({
  isFirst: fc.boolean(),
  dialect: fc.constantFrom('chat', 'items', 'previous', 'stolen'),
  stream: fc.boolean(),
})

function chatFields({ instructions, tools, ...fields }: Record<string, unknown>, turns: number) {
  const system = instructions ? [{ role: 'system', content: instructions }] : []
  const messages = Array.from({ length: turns }, () => [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hi' },
  ]).flat()
  return {
    ...fields,
    messages: [...system, ...messages, { role: 'user', content: 'Hi' }],
    ...(Array.isArray(tools) && {
      tools: tools.map(({ name }: { name: string }) => ({ type: 'function', function: { name } })),
    }),
  }
}

test.each(Object.keys(DIFFERENCES))(
  'a caller gets nothing of another caller that differs by: %s',
  async (difference) => {
    const second: Caller = { ...FIRST, name: 'CALLER-2', ...DIFFERENCES[difference] }
    const isOtherKey = second.headers !== FIRST.headers
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 12 }), async (turns) => {
        let current = FIRST
        const asked: { caller: Caller; request: string }[] = []
        const app = createApp({
          ...appOptions(),
          maxBodySize: 100_000,
          ask: (request) => {
            asked.push({ caller: current, request: JSON.stringify(request) })
            return Promise.resolve(source(replyFor(current.name)).events)
          },
        })
        const counts = new Map([FIRST, second].map((caller) => [caller, 0]))
        const ids = new Map<Caller, string>()
        for (const { isFirst, dialect, stream } of turns) {
          const caller = isFirst ? FIRST : second
          const other = isFirst ? second : FIRST
          current = caller
          const isChat = dialect === 'chat'
          const count = counts.get(caller) ?? 0
          const { messages, ...fields } = chatFields(caller.fields, count)
          const previous = ids.get(dialect === 'stolen' ? other : caller)
          const body = isChat
            ? { ...fields, messages, stream }
            : {
                ...caller.fields,
                stream,
                ...(dialect === 'items' || previous === undefined
                  ? { input: messages.filter(({ role }) => role !== 'system') }
                  : { input: 'Hi', previous_response_id: previous }),
              }
          // A caller may continue from each of its own responses, also with another system prompt.
          if (dialect === 'stolen' && (previous === undefined || !isOtherKey)) continue
          const response = await app.request(
            `http://localhost/v1/${isChat ? 'chat/completions' : 'responses'}`,
            { method: 'POST', headers: caller.headers, body: JSON.stringify(body) },
          )
          const text = await response.text()
          expect(text).not.toContain(other.name)
          expect(response.status).toBe(dialect === 'stolen' ? 400 : 200)
          if (response.status !== 200) continue
          counts.set(caller, count + 1)
          const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1]
          if (id !== undefined) ids.set(caller, id)
        }
        for (const { caller, request } of asked) {
          const other = caller === FIRST ? second : FIRST
          expect(request).not.toContain(other.name)
        }
      }),
      { numRuns: 30 },
    )
  },
)

test('a caller gets its own thoughts back', async () => {
  const asked: string[] = []
  const app = createApp({
    ...appOptions(),
    ask: (request) => {
      asked.push(JSON.stringify(request))
      return Promise.resolve(source(replyFor('CALLER-1')).events)
    },
  })
  for (const count of [0, 1]) {
    const response = await app.request('http://localhost/v1/chat/completions', {
      method: 'POST',
      headers: FIRST.headers,
      body: JSON.stringify(chatFields(FIRST.fields, count)),
    })
    await response.text()
  }
  expect(asked[1]).toContain('signed-CALLER-1')
})
