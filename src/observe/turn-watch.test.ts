import { describe, expect, test } from 'vitest'

import type { ReplyEnd } from '../api/reply-end.ts'
import type { ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import type { TurnRecord } from './turn-record.ts'
import { failedTurn, watchTurn } from './turn-watch.ts'

const MESSAGE = {
  model: 'the-one-that-answered',
  content: [{ type: 'text', text: 'a secret' }],
  stop_reason: 'end_turn',
  usage: {
    input_tokens: 3,
    cache_read_input_tokens: 7,
    cache_creation_input_tokens: null,
    output_tokens: 5,
  },
} as unknown as ReplyMessage

const WHOLE: ReplyEnd = { how: 'whole' }

const NO_TOKENS = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }

function facts(signal?: AbortSignal) {
  const startedAt = performance.now()
  return {
    id: 'req_1',
    lane: 'open',
    worker: 4242,
    model: 'made-up',
    startedAt,
    ...(signal && { signal }),
  }
}

/** The records of a reply that sent these events and then ended. */
function watch(message: ReplyMessage | undefined, end: ReplyEnd): TurnRecord[] {
  const records: TurnRecord[] = []
  const reply = {
    requestId: 'req_upstream',
    firstEventAt: message && performance.now(),
    soFar: () => message,
    onEnd: (listener: (ending: ReplyEnd) => void) => listener(end),
  }
  watchTurn(reply, facts(), (record) => records.push(record))
  return records
}

test('a whole reply makes one record', () => {
  const records = watch(MESSAGE, WHOLE)
  expect(records).toEqual([
    {
      at: expect.any(Number),
      id: 'req_1',
      upstreamId: 'req_upstream',
      model: 'made-up',
      answeredBy: 'the-one-that-answered',
      lane: 'open',
      worker: 4242,
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

test('no text of the conversation is in the record', () => {
  expect(JSON.stringify(watch(MESSAGE, WHOLE))).not.toContain('secret')
})

test('an error has its status and reason in the record', () => {
  const failure = new ApiError('overloaded_error', 'Overloaded', { requestId: 'req_of_error' })
  expect(watch(MESSAGE, { how: 'failed', error: failure })).toMatchObject([
    {
      outcome: 'error',
      status: 529,
      errorType: 'overloaded_error',
      reason: 'Overloaded',
      upstreamId: 'req_of_error',
      tokens: { input: 3, output: 5, cacheRead: 7 },
    },
  ])
})

test("a reply that is cancelled for another reason than the client's leaving timed out", () => {
  const late = new ApiError('timeout_error', 'Late.')
  expect(watch(undefined, { how: 'given up', error: late })).toMatchObject([
    { outcome: 'timed out', status: 504, reason: 'Late.', tokens: NO_TOKENS },
  ])
})

describe('a turn without a reply', () => {
  test('is recorded as an error', () => {
    const error = new ApiError('invalid_request_error', 'No prefill.')
    expect(failedTurn(facts(), error)).toEqual({
      at: expect.any(Number),
      id: 'req_1',
      lane: 'open',
      worker: 4242,
      model: 'made-up',
      outcome: 'error',
      status: 400,
      errorType: 'invalid_request_error',
      reason: 'No prefill.',
      totalMs: expect.any(Number),
      tokens: NO_TOKENS,
    })
  })

  test('is not recorded as an error if the client left', () => {
    const record = failedTurn(facts(AbortSignal.abort()), new ApiError('api_error', 'It left.'))
    expect(record).toMatchObject({ outcome: 'client left', status: 499 })
    expect(record).not.toHaveProperty('errorType')
  })
})

test('a client that leaves is no error', () => {
  const records = watch(MESSAGE, { how: 'given up', error: new ClientLeft() })
  expect(records).toMatchObject([{ outcome: 'client left', status: 499 }])
  expect(records[0]).not.toHaveProperty('errorType')
})

test.each([null, undefined, 'none'])('a usage of %j counts as zero', (usage) => {
  const message = { ...MESSAGE, usage } as unknown as ReplyMessage
  expect(watch(message, WHOLE)).toMatchObject([
    { outcome: 'whole', stopReason: 'end_turn', tokens: NO_TOKENS },
  ])
})
