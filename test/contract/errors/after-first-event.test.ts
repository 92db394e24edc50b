import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cut, events, type StreamElement, type StreamEvent, PACE } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { assistantMessage, textBlock, toolUseMessage } from '../../support/messages.ts'

const TOOL = { name: 'weather', description: 'The weather.', input_schema: { type: 'object' } }

/** Text, then a tool call. */
const MESSAGE = assistantMessage(
  [
    textBlock('Let me have a look at it.'),
    ...toolUseMessage([{ id: 'toolu_made_up', name: 'weather', input: { city: 'Paris' } }]).content,
  ],
  { stop_reason: 'tool_use' },
)

const WHOLE: StreamEvent[] = eventsOf(MESSAGE)

const INSIDE_A_TEXT = after('content_block_delta', 2)
const INSIDE_AN_INPUT = WHOLE.findLastIndex(isDelta)

/** The places where a stream may break: after this many of its events. */
const BEFORE_THE_FIRST_BLOCK_IS_WHOLE: [place: string, count: number][] = [
  ['after message_start', 1],
  ['at the start of a block', after('content_block_start', 1)],
  ['inside a text', INSIDE_A_TEXT],
]
const AFTER_THE_FIRST_BLOCK: [place: string, count: number][] = [
  ['between two blocks', after('content_block_stop', 1)],
  ['inside the input of a tool call', INSIDE_AN_INPUT],
  ['after the last block', after('content_block_stop', 2)],
]

const ERROR = {
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded, in "the middle" of it.' },
}

/** The last elements of a script, and the client's error. */
const WAYS: [way: string, ending: StreamElement[], told: object][] = [
  ['an error event', [ERROR], ERROR.error],
  ['a cut', [cut()], { type: 'api_error' }],
  ['an end without message_stop', [], { type: 'api_error' }],
]

let bench: Bench
/** All prompts of this file; each is unique. */
const prompts: string[] = []
/** All requests upstream, as JSON. */
const upstream: string[] = []

beforeAll(async () => {
  // Each break ends a process: processes started ahead would double the work for nothing.
  bench = await startBench({})
})

afterEach(() => {
  upstream.push(...bench.standin.messages.map(({ body }) => JSON.stringify(body)))
  bench.standin.reset()
})

afterAll(() => bench.close())

describe.each(WAYS)('%s', (way, ending, told) => {
  test.each(BEFORE_THE_FIRST_BLOCK_IS_WHOLE)('%s', (place, count) =>
    expectBrokenStream({ prompt: `[${way} ${place}]`, count, ending, told }),
  )

  // A limit: once a block is complete, the runtime does not report the API's error message.
  test.each(AFTER_THE_FIRST_BLOCK)('%s', (place, count) =>
    expectBrokenStream({ prompt: `[${way} ${place}]`, count, ending, told: {} }),
  )

  // A message without a stream is folded from the same events, so one place of each kind is enough.
  test.each([
    { place: 'inside a text', count: INSIDE_A_TEXT, isTold: told },
    { place: 'inside the input of a tool call', count: INSIDE_AN_INPUT, isTold: {} },
  ])('$place, without a stream', ({ place, count, isTold }) =>
    expectBrokenMessage({ prompt: `[${way} ${place}, no stream]`, count, ending, told: isTold }),
  )

  // A limit: after the stop reason the runtime takes the reply for complete.
  test('after message_delta: the reply is complete', async () => {
    const sent = WHOLE.slice(0, -1)
    const { status, received } = await streamed(`[${way} streamed, at the end]`, sent, ending)

    expect(status).toBe(200)
    expect(received).toStrictEqual(WHOLE)

    bench.standin.reply(events([...sent, ...ending], PACE))
    const response = await ask(`[${way} at the end]`)
    // A cut may arrive before the events in front of it.
    if (response.status !== 200) expect(ending).toEqual([cut()])
    else expect(await response.json()).toStrictEqual(MESSAGE)
  })
})

test('the runtime made no requests of its own since then', async () => {
  expect(await bench.countAfterNextTurn()).toBe(0)
  const asked = upstream.map((body) => prompts.find((prompt) => body.includes(prompt)) ?? body)
  expect(asked.toSorted()).toEqual(prompts.toSorted())
})

type Break = { prompt: string; count: number; ending: StreamElement[]; told: object }

async function expectBrokenStream({ prompt, count, ending, told }: Break): Promise<void> {
  const sent = WHOLE.slice(0, count)
  const { status, received } = await streamed(prompt, sent, ending)
  expect(status).toBe(200)
  expect(received).toStrictEqual([...sent, errorThatTells(told)])
  expect(JSON.stringify(received.at(-1))).not.toContain('API Error')
}

async function expectBrokenMessage({ prompt, count, ending, told }: Break): Promise<void> {
  bench.standin.reply(events([...WHOLE.slice(0, count), ...ending], PACE))
  const response = await ask(prompt)
  const body: unknown = await response.json()
  expect(body).toStrictEqual(errorThatTells(told))
  expect(response.status).toBeGreaterThanOrEqual(500)
  expect(response.headers.get('request-id')).toMatch(/^req_/)
  expect(JSON.stringify(body)).not.toContain('API Error')
}

function errorThatTells(told: object): object {
  return {
    type: 'error',
    error: {
      type: expect.stringMatching(/_error$/),
      message: expect.stringMatching(/\S/),
      ...told,
    },
    request_id: expect.stringMatching(/^req_/),
  }
}

function ask(prompt: string, fields: object = {}): Promise<Response> {
  prompts.push(prompt)
  return bench.post(asking(prompt, { tools: [TOOL], ...fields }))
}

/**
 * Breaks a stream once all earlier events have arrived: a cut may overtake events that are under
 * way.
 */
async function streamed(prompt: string, sent: StreamEvent[], ending: StreamElement[]) {
  const gate = makeGate()
  bench.standin.reply(events([...sent, gate.pass, ...ending]))
  const response = await ask(prompt, { stream: true })
  const received: StreamEvent[] = []
  for await (const event of eventsAsTheyCome(response)) {
    if (event.type !== 'ping') received.push(event)
    if (received.length === sent.length) gate.open()
  }
  return { status: response.status, received }
}

/** The number of events up to and including the nth of a type. */
function after(type: string, nth: number): number {
  const positions = WHOLE.flatMap((event, index) => (event.type === type ? index : []))
  return (positions[nth - 1] ?? NaN) + 1
}

function isDelta(event: StreamEvent): boolean {
  return event.type === 'content_block_delta'
}
