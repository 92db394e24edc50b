import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER, laneOf } from '../../support/carrier.ts'
import { error, events, message, PACE } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { assistantMessage } from '../../support/messages.ts'
import type { ClientRequest } from '../../support/wire.ts'
import { type Bench, expectAsSent, nextTurn, startBench } from './bench.ts'
import { image, WEATHER_TOOL } from './samples.ts'

/**
 * A conversation that ends with the assistant: a reply that was paused (`pause_turn`), or the
 * beginning of one (a prefill). The client sends it back, with nothing after it.
 */
let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const WEB_SEARCH = { type: 'web_search_20250305', name: 'web_search' }
/** To the second the runtime sends its reminders as a message of their own. */
const MODELS = ['claude-sonnet-4-6', 'claude-opus-5-5']

const text = (words: string) => ({ type: 'text' as const, text: words })

const search = (id: string) => ({
  type: 'server_tool_use' as const,
  id,
  name: 'web_search' as const,
  input: { query: 'news' },
})

const found = (id: string) => ({
  type: 'web_search_tool_result' as const,
  tool_use_id: id,
  content: [
    {
      type: 'web_search_result' as const,
      url: 'https://example.com',
      title: 'News',
      encrypted_content: 'bWFkZSB1cA==',
      page_age: null,
    },
  ],
})

const PAUSED: Record<string, object[]> = {
  'after a result': [text('I search.'), search('srvtoolu_1'), found('srvtoolu_1')],
  'in the middle of a call': [text('I search.'), search('srvtoolu_2')],
  'with nothing but a call': [search('srvtoolu_3')],
  'between two calls': [search('srvtoolu_4'), found('srvtoolu_4'), search('srvtoolu_5')],
}

function request(messages: object[], others: object = {}): ClientRequest {
  return { body: { max_tokens: 100, tools: [WEB_SEARCH], messages, ...others } }
}

const user = (content: unknown): object => ({ role: 'user', content })
const assistant = (content: unknown): object => ({ role: 'assistant', content })

describe.each(MODELS)('with %s, a paused reply continues', (model) => {
  test.each(Object.entries(PAUSED))('in a new process, paused %s', async (name, blocks) => {
    const messages = [user('Hi'), assistant('Hello.'), user(`The news ${name}?`), assistant(blocks)]
    const exchange = await bench.send(request(messages, { model }))
    expect(exchange.lane).toBe(laneOf('open'))
    expect(exchange.upstream.body.messages.findLast(({ role }) => role !== 'system')?.role).toBe(
      'assistant',
    )
    expectAsSent(exchange)
  })
})

test.each(Object.entries(PAUSED))("in the client's own way, paused %s", async (name, blocks) => {
  bench.standin.reply(message(assistantMessage(blocks as never, { stop_reason: 'pause_turn' })))
  const paused = await bench.send(request([user(`What is new ${name}?`)]))
  const { messages, ...others } = paused.request.body
  const wentOn = await bench.send(
    request([...(messages as object[]), assistant(paused.reply.content)], others),
  )
  expect(wentOn.lane).toBe(laneOf(name === 'after a result' ? 'continue' : 'open'))
  expectAsSent(wentOn)

  // Clients add the second reply to the first, or send it as one more message.
  const next = nextTurn(wentOn, 'Thanks. And tomorrow?')
  expectAsSent(await bench.send(next))
})

test.each<[string, object[], object?]>([
  ['the beginning of a reply', [user('Name a city.'), assistant('The city is')]],
  ['one that ends with a blank', [user('Name a river.'), assistant('The river is ')]],
  ['after a picture', [user([image('image/png'), text('What is this?')]), assistant('It is')]],
  [
    'after several turns',
    [user('A'), assistant('B'), user('C'), assistant('D'), user('E'), assistant('F')],
  ],
  [
    'after the result of a call',
    [
      user('The weather?'),
      assistant([
        { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Rome' } },
      ]),
      user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Sunny.' }]),
      assistant('It is'),
    ],
    { tools: [WEATHER_TOOL] },
  ],
])('a prefill: %s', async (_name, messages, others = {}) => {
  expectAsSent(await bench.send(request(messages, { tools: [], ...others })))
})

test('a reply that was cut by its limit can be continued', async () => {
  const body = [user('Count.'), assistant('1 2 3')]
  const cut = assistantMessage([text(' 4 5 6')] as never, { stop_reason: 'max_tokens' })
  bench.standin.reply(events(eventsOf(cut), PACE))
  expectAsSent(await bench.send(request(body, { tools: [] })))
})

test("the API's refusal of a prefill reaches the client", async () => {
  bench.standin.reply(error(400, 'invalid_request_error', 'No prefill here.'))
  const response = await bench.proxy.fetch('http://localhost/v1/messages', {
    method: 'POST',
    body: JSON.stringify(request([user('Hm?'), assistant('I')], { tools: [] }).body),
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { message: 'No prefill here.' } })
})

// If the conversation is sent as a whole, the API refuses it.
test.skipIf(CARRIER === 'whole')('a conversation without a user message is refused', async () => {
  const refusal = await bench.sendRefused(request([assistant('Hello.')]))
  expect(refusal).toMatchObject({
    status: 400,
    error: { type: 'invalid_request_error', message: expect.stringMatching(/^messages: /) },
  })
})
