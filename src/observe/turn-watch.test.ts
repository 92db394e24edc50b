import { describe, expect, test } from 'vitest'

import type { ReplyEvent, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import type { TurnRecord } from './turn-record.ts'
import { failedTurn, watchTurn } from './turn-watch.ts'

const EVENTS = [
  {
    type: 'message_start',
    message: {
      model: 'the-one-that-answered',
      content: [],
      usage: { input_tokens: 3, cache_read_input_tokens: 7, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a secret' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { input_tokens: 3, output_tokens: 5, cache_creation_input_tokens: null },
  },
  { type: 'message_stop' },
] as unknown as ReplyEvent[]

const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }

function facts(signal?: AbortSignal) {
  const startedAt = performance.now()
  return { id: 'req_1', lane: 'open', model: 'made-up', startedAt, ...(signal && { signal }) }
}

function watch(script: StreamEvent[], failure?: Error, signal?: AbortSignal) {
  const records: TurnRecord[] = []
  const left = [...script]
  let returns = 0
  const reply = {
    requestId: 'req_upstream',
    next(): Promise<IteratorResult<StreamEvent, void>> {
      const value = left.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      if (failure !== undefined) return Promise.reject(failure)
      return Promise.resolve({ done: true, value: undefined })
    },
    return(): Promise<IteratorResult<StreamEvent, void>> {
      returns += 1
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]: () => reply,
  }
  const events = watchTurn(reply, facts(signal), (record) => records.push(record))
  return { events, records, returns: () => returns }
}

test('a whole reply goes through as it is, and is one record', async () => {
  const { events, records } = watch(EVENTS)
  const passed: StreamEvent[] = []
  for await (const event of events) passed.push(event)

  expect(passed).toEqual(EVENTS)
  expect(records).toEqual([
    {
      at: expect.any(Number),
      id: 'req_1',
      upstreamId: 'req_upstream',
      model: 'made-up',
      answeredBy: 'the-one-that-answered',
      lane: 'open',
      outcome: 'whole',
      status: 200,
      stopReason: 'end_turn',
      firstEventMs: expect.any(Number),
      totalMs: expect.any(Number),
      tokens: { input: 3, output: 5, cacheRead: 7, cacheCreation: 0 },
    },
  ])
  expect(Math.abs(Date.now() - (records[0]?.at ?? 0))).toBeLessThan(60_000)
})

test('nothing of what was said is in the record', async () => {
  const { events, records } = watch(EVENTS)
  for await (const _ of events);
  expect(JSON.stringify(records)).not.toContain('secret')
})

test('an error goes through, and is told with its status and reason', async () => {
  const failure = new ApiError('overloaded_error', 'Overloaded', { requestId: 'req_of_error' })
  const { events, records } = watch(EVENTS.slice(0, 2), failure)
  await events.next()
  await events.next()
  await expect(events.next()).rejects.toBe(failure)
  expect(records).toMatchObject([
    {
      outcome: 'error',
      status: 529,
      errorType: 'overloaded_error',
      reason: 'Overloaded',
      upstreamId: 'req_of_error',
      tokens: { input: 3, output: 1, cacheRead: 7 },
    },
  ])
})

test('a reply that is given up before its first event, while the client is there, timed out', async () => {
  const { events, records } = watch(EVENTS, undefined, new AbortController().signal)
  await events.return?.()
  expect(records).toMatchObject([{ outcome: 'timed out', status: 504, tokens: NO_TOKENS }])
})

describe('a turn without a reply', () => {
  test('is an error', () => {
    const error = new ApiError('invalid_request_error', 'No prefill.')
    expect(failedTurn(facts(), error)).toEqual({
      at: expect.any(Number),
      id: 'req_1',
      lane: 'open',
      model: 'made-up',
      outcome: 'error',
      status: 400,
      errorType: 'invalid_request_error',
      reason: 'No prefill.',
      totalMs: expect.any(Number),
      tokens: NO_TOKENS,
    })
  })

  test('is none of the client that has left', () => {
    const record = failedTurn(facts(AbortSignal.abort()), new ApiError('api_error', 'It left.'))
    expect(record).toMatchObject({ outcome: 'client left', status: 499 })
    expect(record).not.toHaveProperty('errorType')
  })
})

describe('a reader that leaves', () => {
  test('is noted, and the reply is told', async () => {
    const { events, records, returns } = watch(EVENTS)
    await events.next()
    await events.return?.()
    expect(returns()).toBe(1)
    expect(records).toMatchObject([{ outcome: 'client left' }])
  })

  test('is noted once', async () => {
    const { events, records } = watch(EVENTS)
    await events.return?.()
    await events.return?.()
    await events.next()
    expect(records).toHaveLength(1)
  })

  test('after the end has not left', async () => {
    const { events, records } = watch(EVENTS)
    for await (const _ of events);
    await events.return?.()
    expect(records).toMatchObject([{ outcome: 'whole' }])
    expect(records).toHaveLength(1)
  })
})

test('a usage that is none is no error', async () => {
  const { events, records } = watch([
    { type: 'message_delta', delta: { stop_reason: null }, usage: null } as StreamEvent,
  ])
  for await (const _ of events);
  expect(records).toHaveLength(1)
})
