import { pino } from 'pino'
import { describe, expect, test } from 'vitest'

import type { ReplyEvent, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { watchTurn } from './turn-log.ts'

const EVENTS = [
  { type: 'message_start', message: { content: [] } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a secret' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { input_tokens: 3, output_tokens: 5 },
  },
  { type: 'message_stop' },
] as unknown as ReplyEvent[]

function watch(events: StreamEvent[], failure?: Error, model = 'made-up') {
  const lines: Record<string, unknown>[] = []
  const logger = pino(
    { base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  )
  const left = [...events]
  let returns = 0
  const reply: AsyncIterableIterator<StreamEvent, void> = {
    next() {
      const value = left.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      if (failure !== undefined) return Promise.reject(failure)
      return Promise.resolve({ done: true, value: undefined })
    },
    return() {
      returns += 1
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]: () => reply,
  }
  const startedAt = performance.now()
  const facts = { id: 'req_1', lane: 'replay', model, startedAt, logger }
  return { ...watchTurn(reply, facts), lines, returns: () => returns }
}

test('a whole reply goes through as it is, and is one line', async () => {
  const { events, ended, lines } = watch(EVENTS)
  const passed: StreamEvent[] = []
  for await (const event of events) passed.push(event)
  await ended

  expect(passed).toEqual(EVENTS)
  expect(lines).toEqual([
    {
      level: 30,
      time: expect.any(Number),
      msg: 'turn',
      id: 'req_1',
      model: 'made-up',
      lane: 'replay',
      outcome: 'whole',
      stopReason: 'end_turn',
      firstEventAfter: expect.any(Number),
      totalMs: expect.any(Number),
      inputTokens: 3,
      outputTokens: 5,
    },
  ])
})

test('nothing of what was said is in the line', async () => {
  const { events, lines } = watch(EVENTS)
  for await (const _ of events);
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test('an error goes through, and is a warning with its reason', async () => {
  const failure = new ApiError('overloaded_error', 'Overloaded')
  const { events, ended, lines } = watch(EVENTS.slice(0, 2), failure)
  await events.next()
  await events.next()
  await expect(events.next()).rejects.toBe(failure)
  await ended
  expect(lines).toMatchObject([{ level: 40, outcome: 'error', reason: 'Overloaded' }])
})

describe('a reader that leaves', () => {
  test('is noted, and the reply is told', async () => {
    const { events, ended, lines, returns } = watch(EVENTS)
    await events.next()
    await events.return?.()
    await ended
    expect(returns()).toBe(1)
    expect(lines).toMatchObject([{ outcome: 'client left' }])
  })

  test('is noted once', async () => {
    const { events, lines } = watch(EVENTS)
    await events.return?.()
    await events.return?.()
    await events.next()
    expect(lines).toHaveLength(1)
  })

  test('after the end has not left', async () => {
    const { events, lines } = watch(EVENTS)
    for await (const _ of events);
    await events.return?.()
    expect(lines).toMatchObject([{ outcome: 'whole' }])
    expect(lines).toHaveLength(1)
  })
})

test('a turn has ended only when its reply has', async () => {
  const { events, ended } = watch(EVENTS)
  let hasEnded = false
  void ended.then(() => (hasEnded = true))
  await events.next()
  expect(hasEnded).toBe(false)
  for await (const _ of events);
  await ended
  expect(hasEnded).toBe(true)
})

test('a usage that is none is no error', async () => {
  const { events, lines } = watch([
    { type: 'message_delta', delta: { stop_reason: null }, usage: null } as StreamEvent,
  ])
  for await (const _ of events);
  expect(lines).toHaveLength(1)
})

test('what a client or the API words is one short line without control characters', async () => {
  const hostile = 'a\r\nb\u001B[2J\u009B2J\u2028\u202E'.repeat(1000)
  const { events, lines } = watch([], new ApiError('api_error', hostile), hostile)
  await events.next().catch(() => {})

  expect(lines).toHaveLength(1)
  for (const text of [lines[0]?.['model'], lines[0]?.['reason']]) {
    expect(text).toMatch(/^a {2}b \[2J 2J {2}a[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,300}…$/u)
  }
})
