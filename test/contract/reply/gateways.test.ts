import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { events, hang, PACE, raw, type StreamEvent } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsIn, withoutPings } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { recordTurns } from '../../support/turns.ts'
import { assistantMessage, textBlock, textMessage, toolUseMessage } from '../../support/messages.ts'

/*
 * Replies as gateways send them, and as the API does in its rarer modes. Each is requested with and
 * without a stream, and each is one request to the API.
 */

type Fields = Record<string, unknown>
type WholeReply = { content: Fields[]; stop_reason: string; usage: Fields }

const PLAIN = eventsOf(textMessage('Hello there.')) as (StreamEvent & Fields)[]
const [START, ...REST] = PLAIN as [StreamEvent & Fields, ...(StreamEvent & Fields)[]]
const STOP = { type: 'message_stop' }
const OVERLOADED = { type: 'overloaded_error', message: 'Overloaded, as it happens.' }
const USAGE_ALONE = {
  type: 'message_delta',
  delta: { stop_reason: null, stop_sequence: null },
  usage: { output_tokens: 7 },
}
const CALL = {
  ...toolUseMessage([{ id: 'toolu_made_up', name: 'weather', input: { city: 'Paris' } }]),
}
const TOOLS = [{ name: 'weather', input_schema: { type: 'object' } }]

type Case = {
  title: string
  sent: (StreamEvent & Fields)[]
  /** The events for the client, if they differ. */
  streamed?: (StreamEvent & Fields)[]
  whole: object
}

const HELLO = { content: [{ type: 'text', text: 'Hello there.' }], stop_reason: 'end_turn' }

const CASES: Case[] = [
  {
    title: 'a message_delta without usage',
    sent: PLAIN.map((event) =>
      event.type === 'message_delta' ? { type: event.type, delta: event['delta'] } : event,
    ),
    whole: HELLO,
  },
  {
    title: 'usage alone in a message_delta before the stop reason',
    sent: [...PLAIN.slice(0, -2), USAGE_ALONE, ...PLAIN.slice(-2)],
    whole: HELLO,
  },
  {
    title: 'usage alone in a message_delta after the stop reason',
    sent: [...PLAIN.slice(0, -1), USAGE_ALONE, STOP],
    whole: { ...HELLO, usage: expect.objectContaining({ output_tokens: 7 }) },
  },
  {
    title: 'a message_start that comes twice',
    sent: [START, START, ...REST],
    streamed: PLAIN,
    whole: HELLO,
  },
  {
    title: 'a call with its stop reason in message_start',
    sent: [{ type: 'message_start', message: CALL }, STOP],
    whole: { content: CALL.content, stop_reason: 'tool_use' },
  },
  {
    title: 'a text in message_start and a message_delta after it',
    sent: [
      {
        type: 'message_start',
        message: { ...textMessage('Hello there.'), stop_reason: null },
      },
      ...PLAIN.slice(-2),
    ],
    whole: HELLO,
  },
  {
    title: 'a message_start without usage',
    sent: [{ ...START, message: { ...(START['message'] as object), usage: undefined } }, ...REST],
    whole: { ...HELLO, usage: expect.objectContaining({ output_tokens: 55 }) },
  },
]

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

describe.each(CASES)('$title', ({ title, sent, streamed = sent, whole }) => {
  test('passes as a stream', async () => {
    bench.standin.reply(events(sent, PACE))
    const response = await ask(`[${title}]`, true)
    expect(response.status).toBe(200)
    expect(withoutPings(await eventsIn(response))).toStrictEqual(
      JSON.parse(JSON.stringify(streamed)),
    )
    expect(await bench.countAfterNextTurn()).toBe(1)
  })

  test('is complete without a stream', async () => {
    bench.standin.reply(events(sent, PACE))
    const response = await ask(`[${title}, whole]`, false)
    expect(response.status).toBe(200)
    expect((await response.json()) as WholeReply).toMatchObject(whole)
    expect(await bench.countAfterNextTurn()).toBe(1)
  })
})

describe('an error event', () => {
  test.each([
    ['as the first event', []],
    ['after message_start', PLAIN.slice(0, 1)],
    ['after the first delta', PLAIN.slice(0, 3)],
  ])('%s is the error of a whole reply, with its status', async (place, before) => {
    bench.standin.reply(events([...before, { type: 'error', error: OVERLOADED }], PACE))
    const response = await ask(`[error ${place}]`, false)
    expect(response.status).toBe(529)
    expect(await response.json()).toMatchObject({ error: OVERLOADED })
  })
})

test('comments and other line ends are accepted', async () => {
  const body = PLAIN.map(
    (event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`,
  ).join(': a comment\r\n\r\n')
  bench.standin.reply(raw(200, { 'content-type': 'text/event-stream' }, `: first\r\n${body}`))
  const response = await ask('[line ends]', true)
  expect(withoutPings(await eventsIn(response))).toStrictEqual(PLAIN)
})

test('JSON in place of a stream is an error of the API, not of the proxy', async () => {
  const whole = JSON.stringify(textMessage('At once.'))
  bench.standin.reply(raw(200, { 'content-type': 'application/json' }, whole))
  const response = await ask('[JSON]', false)
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({ error: { type: 'api_error' } })
})

// A limit of the runtime: it can't read the input of such a call, and yields none of it.
describe('the streamed input of an MCP connector call', () => {
  const block = {
    type: 'mcp_tool_use',
    id: 'mcptoolu_1',
    name: 'echo',
    server_name: 's',
    input: {},
  }
  const input = { type: 'input_json_delta', partial_json: '{"a":1}' }
  const begin = { type: 'content_block_start', index: 0, content_block: block }
  const sent = [
    START,
    begin,
    { type: 'content_block_delta', index: 0, delta: input },
    { type: 'content_block_stop', index: 0 },
    ...PLAIN.slice(-2),
  ]
  const failure = {
    type: 'api_error',
    message: expect.stringMatching(/MCP connector.*`tools`.*`mcp_servers`/),
  }

  test('has an error with the fix, and no broken reply', async () => {
    bench.standin.reply(events(sent))
    const response = await ask('[MCP]', false)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ error: failure })
    expect(await bench.countAfterNextTurn()).toBe(1)
  })

  test('ends a stream with the same error', async () => {
    bench.standin.reply(events(sent))
    const streamed = withoutPings(await eventsIn(await ask('[MCP, streamed]', true)))
    expect(streamed).toMatchObject([START, begin, { type: 'error', error: failure }])
  })
})

test('an MCP connector call with its input in the block passes', async () => {
  const content = [
    { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'echo', server_name: 's', input: { a: 1 } },
    { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [] },
    textBlock('Done.'),
  ]
  bench.standin.reply(events(eventsOf(assistantMessage(content as never)), PACE))
  const response = await ask('[MCP, whole]', false)
  expect(await response.json()).toMatchObject({ content })
})

describe('a ping', () => {
  let slow: Bench
  const log = recordTurns()

  beforeAll(async () => {
    slow = await startBench({ firstEventTimeout: 1500, logger: log.logger })
  })

  afterAll(() => slow.close())

  test.each([true, false])('is no first event (stream: %s)', async (stream) => {
    slow.standin.reply(events([{ type: 'ping' }, hang()]))
    const response = await slow.post(asking(`[ping ${stream}]`, { stream }))
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('first_event_timeout') },
    })
    await expect
      .poll(() => log.turns.at(-1))
      .toMatchObject({
        outcome: 'timed out',
        reason: expect.stringContaining('first_event_timeout'),
      })
    expect(log.text()).not.toContain('client left')
  })
})

function ask(prompt: string, stream: boolean): Promise<Response> {
  return bench.post(asking(prompt, { stream, tools: TOOLS }))
}
