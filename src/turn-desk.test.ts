import { describe, expect, test, vi } from 'vitest'

import { ApiError } from './errors.ts'
import type { TurnRecord } from './observe/turn-record.ts'
import { stopping } from './refusals.ts'
import type { EngineCensus } from './runtime/engine.ts'
import { Reply } from './stream/reply.ts'
import { type AskFacts, type PlannedTurn, TurnDesk, type TurnDeskInput } from './turn-desk.ts'

function open(parts: Partial<TurnDeskInput> = {}) {
  const records: TurnRecord[] = []
  const end = vi.fn<() => void>()
  const replies: Reply[] = []
  const desk = new TurnDesk({
    defaultModel: 'the-default',
    begin: () => end,
    plan: ({ model = 'the-default' }) =>
      Promise.resolve({ turn: { model: `${model}-id` }, isRun: false } as PlannedTurn),
    guard: () => Promise.resolve(),
    serve: () => {
      const reply = new Reply(() => {})
      replies.push(reply)
      return Promise.resolve({ lane: 'open', reply })
    },
    onChange: () => {},
    onEnd: (record) => records.push(record),
    now: () => 1000,
    ...parts,
  })
  return { desk, records, end, replies }
}

function facts(signal = new AbortController().signal): AskFacts {
  return { id: 'req_1', betas: [], signal, key: undefined, isBatch: false }
}

const REQUEST = { model: 'm', max_tokens: 1, messages: [{ role: 'user' as const, content: 'Hi' }] }

const IDLE: EngineCensus = {
  processes: { starting: 0, opening: 0, asking: 0, idle: 4, held: 0 },
  limit: 4,
  waiting: 0,
}

test('a turn is in flight from its request to the end of its reply, and is recorded once', async () => {
  const { desk, records, end, replies } = open()
  await desk.ask(REQUEST, facts())
  expect([desk.inFlight, end.mock.calls.length, records.length]).toEqual([1, 0, 0])
  replies[0]?.end()
  replies[0]?.end()
  expect([desk.inFlight, end.mock.calls.length]).toEqual([0, 1])
  expect(records).toMatchObject([{ id: 'req_1', lane: 'open', model: 'm-id', outcome: 'whole' }])
})

test('a turn ends when its client stops reading the reply', async () => {
  const { desk, records, end } = open()
  const reply = await desk.ask(REQUEST, facts())
  await reply.return()
  expect([desk.inFlight, end.mock.calls.length]).toEqual([0, 1])
  expect(records).toMatchObject([{ outcome: 'client left' }])
})

describe('a turn that gets no reply is recorded, ends, and fails', () => {
  const failure = new ApiError('overloaded_error', 'No room.')
  const fail = (): never => {
    throw failure
  }
  test.each<[string, Partial<TurnDeskInput>, string]>([
    ['it can not be planned', { plan: fail }, 'm'],
    ['the plan is used up', { guard: fail }, 'm-id'],
    ['there is no worker', { serve: () => Promise.reject(failure) }, 'm-id'],
  ])('because %s', async (_, parts, model) => {
    const { desk, records, end } = open(parts)
    await expect(desk.ask(REQUEST, facts())).rejects.toBe(failure)
    expect([desk.inFlight, end.mock.calls.length]).toEqual([0, 1])
    expect(records).toMatchObject([{ lane: 'none', model, outcome: 'error', status: 529 }])
  })
})

test.each([true, false])('the engine is told if a turn belongs to a batch: %s', async (isBatch) => {
  const serve = vi.fn<TurnDeskInput['serve']>(() =>
    Promise.resolve({ lane: 'open', reply: new Reply(() => {}) }),
  )
  const { desk } = open({ serve })
  await desk.ask(REQUEST, { ...facts(), isBatch })
  expect(serve.mock.calls[0]?.[1]).toMatchObject({ isBatch })
})

test('a turn of a client that has left does not reach the engine', async () => {
  const plan = vi.fn<TurnDeskInput['plan']>()
  const { desk, records } = open({ plan })
  await expect(desk.ask(REQUEST, facts(AbortSignal.abort()))).rejects.toMatchObject({ status: 499 })
  expect(plan).not.toHaveBeenCalled()
  expect(records).toMatchObject([{ outcome: 'client left' }])
})

test('a turn whose client leaves during planning does not reach the engine', async () => {
  const leaving = new AbortController()
  const plan = (): Promise<PlannedTurn> => {
    leaving.abort()
    return Promise.resolve({ turn: { model: 'm-id' }, isRun: false } as PlannedTurn)
  }
  const serve = vi.fn<TurnDeskInput['serve']>()
  const { desk, records } = open({ plan, serve })
  await expect(desk.ask(REQUEST, facts(leaving.signal))).rejects.toMatchObject({ status: 499 })
  expect(serve).not.toHaveBeenCalled()
  expect(records).toMatchObject([{ outcome: 'client left' }])
})

test('no turn is accepted once the proxy stops', async () => {
  const { desk, records } = open({
    begin: () => {
      throw stopping()
    },
  })
  await expect(desk.ask(REQUEST, facts())).rejects.toMatchObject({ status: 529 })
  expect([desk.inFlight, records.length]).toEqual([0, 0])
})

test('a batch leaves one process for other turns', async () => {
  const { desk } = open()
  expect(desk.hasRoomForBatch(IDLE)).toBe(true)
  expect(desk.hasRoomForBatch({ ...IDLE, waiting: 1 })).toBe(false)
  expect(desk.hasRoomForBatch({ ...IDLE, processes: { ...IDLE.processes, held: 3 } })).toBe(false)
  await desk.ask(REQUEST, facts())
  await desk.ask(REQUEST, facts())
  expect(desk.hasRoomForBatch(IDLE)).toBe(true)
  await desk.ask(REQUEST, facts())
  expect(desk.hasRoomForBatch(IDLE)).toBe(false)
})
