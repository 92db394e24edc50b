import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { ReplyEvent } from '../../api/types.ts'
import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import type { Turn } from '../../plan/turn.ts'
import { Reply } from '../../stream/reply.ts'
import { AnsweredModels } from './answered-models.ts'
import type { WorkerKind } from './blueprint.ts'
import type { Outcome } from './exchange.ts'
import { Flight, type Receiver } from './flight.ts'
import { ReplyWatch } from './reply-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const NEXT_EVENT_TIMEOUT = 60_000
const MODEL = 'claude-sonnet-5-5'
const SENT = '[Anthropic SDK DEBUG] [log_1] sending request {'
const OVERLOADED = refusalLine(529, 'overloaded_error', 'Overloaded')
const NOT_FOUND = refusalLine(404, 'not_found_error', `model: ${MODEL}`)
const UNAUTHORIZED = refusalLine(401, 'authentication_error', 'Expired')

const START = event({ type: 'message_start', message: { content: [], stop_reason: null } })
const BLOCK = event({
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'text', text: 'Hi' },
})
const END = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: {} },
  { type: 'message_stop' },
].map(event)

function event(fields: object): ReplyEvent {
  return fields as unknown as ReplyEvent
}

function refusalLine(status: number, type: string, message: string): string {
  const body = JSON.stringify({ type: 'error', error: { type, message } })
  return `2026-11-30T00:00:00.000Z [ERROR] API error (attempt 1/1): ${status} ${status} ${body}`
}

/** The runtime's message about a failed request. */
function failure(fields: object): Parameters<Flight['receiveAssistant']>[0] {
  const content = [{ type: 'text', text: "API Error: the runtime's own words" }]
  const message = { stop_reason: null, content }
  return { is_api_error_message: true, message, ...fields } as unknown as ReturnType<typeof failure>
}

const BARRED = failure({
  message: { content: [{ type: 'text', text: "Header 'anthropic-beta' has invalid value" }] },
})

const DROPPED = failure({
  message: { content: [{ type: 'text', text: 'Connection dropped (ECONNRESET). Try again.' }] },
})
const NO_ANSWER = '[Anthropic SDK INFO] [log_1] connection failed - error; no more retries left'

type Options = {
  receiver?: Receiver
  isKnown?: boolean
  turn?: Partial<Turn>
  hasConnection?: boolean
}

function take({ receiver = {}, isKnown = true, turn = {}, hasConnection = true }: Options = {}) {
  const told: string[] = []
  const outcomes: Outcome[] = []
  const models = new AnsweredModels()
  if (isKnown) models.answered(MODEL)
  const settled = new Deferred<void>()
  const host = {
    isGateClosed: false,
    exited: new Promise<void>(() => {}),
    setGate: (gate: string) => void told.push(`gate ${gate}`),
    secondsUntilReset: () => 90,
    landed: async (_: Flight, outcome: Outcome) => void outcomes.push(outcome),
    retireLater: (cause: string) => void told.push(`retire: ${cause}`),
    kill: (cause: string) => void told.push(`kill: ${cause}`),
  }
  const kind = {
    answersCalls: false,
    needsGate: true,
    repairsAny: false,
    createReader: (names: ReadonlySet<string>) => new ReplyWatch(names),
  } as unknown as WorkerKind
  const flight = new Flight(
    {
      turn: { model: MODEL, prompt: [{ type: 'text', text: 'Hello' }], ...turn } as Turn,
      receiver,
      toolNames: new Set(),
      hasConnection,
      settled: settled.promise,
      cut: undefined,
      prompt: undefined,
    },
    {
      kind,
      models,
      nextEventTimeout: NEXT_EVENT_TIMEOUT,
      onLoginFailure: () => void told.push('login failed'),
    },
    host,
  )
  flight.begin()
  return {
    flight,
    host,
    told,
    outcomes,
    models,
    settle: () => settled.resolve(),
    reply: flight.exchange.reply,
  }
}

/** Waits for the diagnostics as long as a flight does. */
async function waitForDiagnostics(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000)
}

async function errorOf(reply: Reply): Promise<ApiError> {
  return reply.whole().then(
    () => Promise.reject(new Error('The reply has no error.')),
    (error: ApiError) => error,
  )
}

test('a whole reply is kept, and lands once', () => {
  const { flight, outcomes } = take()
  for (const one of [START, BLOCK, ...END, ...END]) flight.receiveEvent(one)
  expect(outcomes).toMatchObject([{ kind: 'kept', content: [{ type: 'text', text: 'Hi' }] }])
})

test('the gate closes some time after the request was sent', () => {
  const { flight, told } = take()
  flight.diagnose(SENT)
  expect(told).toEqual([])
  vi.runOnlyPendingTimers()
  expect(told).toEqual(['gate closed'])
})

test('the gate closes at once for a model that has never answered', () => {
  const { flight, told } = take({ isKnown: false })
  flight.diagnose(SENT)
  expect(told).toEqual(['gate closed'])
})

test('a reply to a request without its fields is discarded', () => {
  const { flight, told } = take({ turn: { maxTokens: 777 } })
  for (const line of [SENT, '      max_tokens: 777,']) flight.diagnose(line)
  expect(told).toEqual([])
  for (const line of [SENT, '      max_tokens: 40,']) flight.diagnose(line)
  expect(told).toEqual(["kill: it did not send the request's fields"])
})

test('the gate stays open if the reply ends before the gate was due to close', () => {
  const { flight, told } = take()
  for (const one of [START, BLOCK, ...END]) flight.receiveEvent(one)
  vi.runAllTimers()
  expect(told).toEqual([])
})

test.each(['before', 'after'])(
  "a failure has the API's own message, if its diagnostics come %s it",
  async (order) => {
    const { flight, reply, outcomes } = take()
    if (order === 'before') flight.diagnose(OVERLOADED)
    flight.receiveAssistant(failure({ api_error_status: 529 }))
    if (order === 'after') flight.diagnose(OVERLOADED)
    await waitForDiagnostics()
    expect(await errorOf(reply)).toMatchObject({ type: 'overloaded_error', message: 'Overloaded' })
    expect(outcomes).toEqual([
      { kind: 'dropped', cause: 'the API answered 529', runtime: 'finishes' },
    ])
  },
)

test("an end of the process does not replace the API's error for which the flight waits", async () => {
  const { flight, reply } = take()
  flight.receiveAssistant(failure({ api_error_status: 529 }))
  flight.lose(new ApiError('api_error', 'The process ended.'))
  flight.diagnose(OVERLOADED)
  await waitForDiagnostics()
  expect(await errorOf(reply)).toMatchObject({ message: 'Overloaded' })
})

test('if the process ends during a reply, the reply ends with that error, and nothing lands', async () => {
  const { flight, reply, outcomes, settle } = take()
  flight.receiveEvent(START)
  flight.lose(new ApiError('api_error', 'The process ended.'))
  settle()
  await waitForDiagnostics()
  expect(await errorOf(reply)).toMatchObject({ message: 'The process ended.' })
  expect(outcomes).toEqual([])
})

test('a 429 without retry-after has the seconds until the plan window resets', async () => {
  const { flight, reply } = take()
  flight.receiveAssistant(failure({ api_error_status: 429 }))
  await waitForDiagnostics()
  expect(await errorOf(reply)).toMatchObject({ type: 'rate_limit_error', retryAfter: 90 })
})

test('a reply without a further event ends with an error in time', async () => {
  const { flight, reply, outcomes } = take()
  flight.receiveEvent(START)
  vi.advanceTimersByTime(NEXT_EVENT_TIMEOUT - 1)
  flight.receiveEvent(BLOCK)
  vi.advanceTimersByTime(NEXT_EVENT_TIMEOUT - 1)
  expect(outcomes).toEqual([])
  vi.advanceTimersByTime(1)
  expect(outcomes).toMatchObject([{ kind: 'dropped', runtime: 'goes on' }])
  expect(await errorOf(reply)).toMatchObject({ type: 'timeout_error' })
})

test('a client that leaves ends the turn, and a later end of the turn changes nothing', async () => {
  const { flight, reply, outcomes, settle } = take()
  flight.receiveEvent(START)
  await reply.return()
  settle()
  await waitForDiagnostics()
  expect(outcomes).toMatchObject([{ kind: 'dropped', runtime: 'goes on' }])
})

test('a turn that ends without a reply is an error', async () => {
  const { reply, outcomes, settle } = take()
  settle()
  expect(await errorOf(reply)).toMatchObject({ type: 'api_error' })
  expect(outcomes).toMatchObject([{ kind: 'dropped', runtime: 'finishes' }])
})

test('a process that sent a second request is replaced', () => {
  const { flight, told } = take()
  flight.diagnose(SENT)
  flight.diagnose(SENT)
  for (const one of [START, BLOCK, ...END]) flight.receiveEvent(one)
  expect(told).toEqual(['retire: it sent a second request'])
})

test('a 404 behind the closed gate keeps the process', async () => {
  const { flight, host, reply, told, models } = take()
  host.isGateClosed = true
  flight.diagnose(NOT_FOUND)
  await waitForDiagnostics()
  expect(await errorOf(reply)).toMatchObject({ type: 'not_found_error' })
  expect(told).toEqual([])
  expect(models.hasAnswered(MODEL)).toBe(false)
})

test('a 404 at the open gate ends the process, because it would repeat the request', () => {
  const { flight, told } = take()
  flight.diagnose(NOT_FOUND)
  expect(told).toEqual(['kill: the API answered 404'])
})

test('a refused login opens the gate for the renewed one', () => {
  const { flight, told } = take()
  flight.diagnose(UNAUTHORIZED)
  expect(told).toEqual(['gate open'])
})

test('a turn with a refused login that the gate did not let repeat goes to another worker', async () => {
  const again: { turn: Turn; reply: Reply }[] = []
  const { flight, reply, told } = take({
    receiver: { askAgain: (turn, same) => void again.push({ turn, reply: same }) },
  })
  flight.diagnose(UNAUTHORIZED)
  flight.receiveAssistant(BARRED)
  await waitForDiagnostics()
  expect(again).toEqual([{ turn: flight.turn, reply }])
  expect(reply.hasEnded).toBe(false)
  expect(told).toContain('login failed')
})

test('the client gets the error if the login is refused to the second worker too', async () => {
  const reply = new Reply(() => {})
  const { flight } = take({ receiver: { reply } })
  flight.diagnose(UNAUTHORIZED)
  flight.receiveAssistant(BARRED)
  await waitForDiagnostics()
  expect(await errorOf(reply)).toMatchObject({ type: 'authentication_error', message: 'Expired' })
})

test('a reply that is handed over after its client left is given up at once', async () => {
  const reply = new Reply(() => {})
  await reply.return()
  const { outcomes } = take({ receiver: { reply } })
  expect(outcomes).toMatchObject([{ kind: 'dropped', runtime: 'goes on' }])
})

test('a turn whose idle connection was closed is repeated', async () => {
  const again: Turn[] = []
  const { flight, reply } = take({ receiver: { askAgain: (turn) => void again.push(turn) } })
  flight.receiveAssistant(DROPPED)
  flight.diagnose(NO_ANSWER)
  await waitForDiagnostics()
  expect(again).toEqual([flight.turn])
  expect(reply.hasEnded).toBe(false)
})

test.each<[string, Options, string[]]>([
  ['the API began to answer', {}, []],
  ['the connection was new', { hasConnection: false }, [NO_ANSWER]],
  ['the turn was asked three times', { receiver: { asked: 2 } }, [NO_ANSWER]],
])('a closed connection is the error for the client if %s', async (_, options, lines) => {
  const again: Turn[] = []
  const askAgain = (turn: Turn): void => void again.push(turn)
  const { flight, reply } = take({ ...options, receiver: { askAgain, ...options.receiver } })
  for (const line of lines) flight.diagnose(line)
  flight.receiveAssistant(DROPPED)
  await waitForDiagnostics()
  expect(again).toEqual([])
  expect(await errorOf(reply)).toMatchObject({ status: 502 })
})
