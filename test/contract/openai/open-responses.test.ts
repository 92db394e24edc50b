import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'

import { message } from '../../support/answers.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'

/*
 * The cases of the Open Responses compliance suite, written anew:
 * https://www.openresponses.org/compliance The suite runs against a listening server; so does this
 * file.
 */

let bench: OpenaiBench
let base: string

beforeAll(async () => {
  bench = await startOpenaiBench({ port: 0 })
  base = `${(await bench.proxy.listen()).url}/v1`
})
afterAll(() => bench?.close())
beforeEach(() => bench.standin.reset())

const nullable = <T extends z.ZodType>(type: T) => type.nullable()
const count = z.int().nonnegative()

const part = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.object({ type: z.string() })),
    logprobs: z.array(z.unknown()).optional(),
  }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
])

const progress = z.enum(['in_progress', 'completed', 'incomplete'])

const item = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    id: z.string(),
    status: progress,
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.array(part),
    phase: z.enum(['commentary', 'final_answer']).optional(),
  }),
  z.object({
    type: z.literal('function_call'),
    id: z.string(),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    status: progress,
  }),
  z.object({ type: z.literal('reasoning'), id: z.string(), summary: z.array(z.unknown()) }),
])

const usage = z.object({
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count }),
  output_tokens_details: z.object({ reasoning_tokens: count }),
})

const tool = z.object({
  type: z.literal('function'),
  name: z.string(),
  description: nullable(z.string()),
  parameters: nullable(z.looseObject({})),
  strict: nullable(z.boolean()),
})

/** Each field must be present, also empty ones. */
const response = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  completed_at: nullable(z.int()),
  status: z.string(),
  incomplete_details: nullable(z.object({ reason: z.string() })),
  model: z.string(),
  previous_response_id: nullable(z.string()),
  instructions: nullable(z.string()),
  output: z.array(item),
  error: nullable(z.object({ code: z.string(), message: z.string() })),
  tools: z.array(tool),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  truncation: z.enum(['auto', 'disabled']),
  parallel_tool_calls: z.boolean(),
  text: z.object({
    format: z.looseObject({ type: z.string() }),
    verbosity: z.enum(['low', 'medium', 'high']).optional(),
  }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: nullable(
    z.object({ effort: nullable(z.string()), summary: nullable(z.string()).optional() }),
  ),
  usage: nullable(usage),
  max_output_tokens: nullable(z.int()),
  max_tool_calls: nullable(z.int()),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.looseObject({}),
  safety_identifier: nullable(z.string()),
  prompt_cache_key: nullable(z.string()),
})

const compacted = z.object({
  id: z.string(),
  object: z.literal('response.compaction'),
  created_at: z.int(),
  output: z.array(
    z.object({ type: z.literal('compaction'), id: z.string(), encrypted_content: z.string() }),
  ),
  usage,
})

const numbered = { sequence_number: count }
const placed = { ...numbered, output_index: count }
const inItem = { ...placed, item_id: z.string() }
const inPart = { ...inItem, content_index: count }

/** The fields of a stream's events, by type. */
const event = z.discriminatedUnion('type', [
  z.object({
    type: z.enum([
      'response.created',
      'response.in_progress',
      'response.completed',
      'response.incomplete',
      'response.failed',
    ]),
    ...numbered,
    response,
  }),
  z.object({
    type: z.enum(['response.output_item.added', 'response.output_item.done']),
    ...placed,
    item,
  }),
  z.object({
    type: z.enum(['response.content_part.added', 'response.content_part.done']),
    ...inPart,
    part,
  }),
  z.object({ type: z.literal('response.output_text.delta'), ...inPart, delta: z.string() }),
  z.object({ type: z.literal('response.output_text.done'), ...inPart, text: z.string() }),
  z.object({
    type: z.literal('response.function_call_arguments.delta'),
    ...inItem,
    delta: z.string(),
  }),
  z.object({
    type: z.literal('response.function_call_arguments.done'),
    ...inItem,
    arguments: z.string(),
  }),
])

type Whole = z.infer<typeof response>

function said(role: string, content: unknown) {
  return { type: 'message', role, content }
}

async function post(path: string, body: object): Promise<globalThis.Response> {
  return fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer made-up' },
    body: JSON.stringify(body),
  })
}

/** A response without a stream, of the right shape. */
async function whole(body: object): Promise<Whole> {
  const answer = await post('/responses', { model: MODEL, ...body })
  expect(answer.status).toBe(200)
  return response.parse(await answer.json())
}

/** The events of a response, each of the right shape, and the response that they end with. */
function read(events: unknown[]): { types: string[]; last: Whole } {
  const parsed = events.map((one) => event.parse(one))
  const last = parsed.at(-1)
  if (last === undefined || !('response' in last)) throw new Error('The stream has no end.')
  for (const one of parsed) {
    if (one.type === 'response.created' || one.type === 'response.in_progress') {
      expect(one.response.usage).toBeNull()
    }
  }
  return { types: parsed.map(({ type }) => type), last: last.response }
}

async function streamed(body: object): Promise<{ types: string[]; last: Whole }> {
  const answer = await post('/responses', { model: MODEL, stream: true, ...body })
  const frames = (await answer.text()).trim().split('\n\n')
  const events = frames.map((frame) => {
    const [, name = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? []
    const parsed = JSON.parse(data) as { type: string }
    expect(parsed.type).toBe(name)
    return parsed
  })
  return read(events)
}

type SocketEvent = { type: string; error?: { code?: string }; status?: number }

/** A WebSocket; each body is sent when the response before it has ended. */
async function connected() {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/responses`, {
    headers: { authorization: 'Bearer made-up' },
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const create = (body: object): Promise<SocketEvent[]> =>
    new Promise((resolve, reject) => {
      const events: SocketEvent[] = []
      const done = (): void => {
        socket.off('message', onMessage)
        resolve(events)
      }
      const onMessage = (data: Buffer): void => {
        const one = JSON.parse(data.toString('utf8')) as SocketEvent
        events.push(one)
        if (['response.completed', 'response.failed', 'error'].includes(one.type)) done()
      }
      socket.on('message', onMessage)
      socket.once('close', () => reject(new Error('The socket was closed.')))
      socket.send(JSON.stringify({ type: 'response.create', model: MODEL, ...body }))
    })
  return { create, close: () => socket.close() }
}

/** The latest request upstream, as a text. */
function lastAsked(): string {
  return JSON.stringify(bench.standin.messages.at(-1)?.body.messages)
}

test('basic-response', async () => {
  const { status: state, output } = await whole({ input: [said('user', 'Say hello.')] })
  expect(state).toBe('completed')
  expect(output).toHaveLength(1)
})

test('assistant-phase', async () => {
  const { status: state } = await whole({
    input: [
      said('user', 'What is two plus two?'),
      { ...said('assistant', 'I am checking the answer.'), phase: 'commentary' },
      { ...said('assistant', 'The answer is four.'), phase: 'final_answer' },
      said('user', 'Say it again.'),
    ],
  })
  expect(state).toBe('completed')
})

test('response-output-phase-schema', () => {
  const content = [{ type: 'output_text', text: 'Four.', annotations: [] }]
  const phased = { ...said('assistant', content), id: 'msg_1', status: 'completed' }
  expect(item.safeParse({ ...phased, phase: 'commentary' }).success).toBe(true)
  expect(item.safeParse({ ...phased, phase: 'made_up' }).success).toBe(false)
})

test('streaming-response', async () => {
  bench.standin.reply(message(textMessage('1, 2, 3, 4, 5.')))
  const { types, last } = await streamed({ input: [said('user', 'Count from 1 to 5.')] })
  expect(last.status).toBe('completed')
  expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
  expect(types).toContain('response.output_text.delta')
})

test('system-prompt', async () => {
  const { output } = await whole({
    input: [said('system', 'You are a pirate.'), said('user', 'Say hello.')],
  })
  expect(output).toHaveLength(1)
  expect(JSON.stringify(bench.standin.messages.at(-1)?.body.system)).toContain('pirate')
})

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Get the current weather for a location',
  parameters: {
    type: 'object',
    properties: { location: { type: 'string' } },
    required: ['location'],
  },
}

test.each([false, true])('tool-calling (stream: %j)', async (stream) => {
  const call = { id: `toolu_${stream}`, name: 'get_weather', input: { location: 'Oslo' } }
  bench.standin.reply(message(toolUseMessage([call])))
  const body = { input: [said('user', `How is the weather? ${stream}`)], tools: [WEATHER] }
  const { output, tools } = stream ? (await streamed(body)).last : await whole(body)
  expect(output).toMatchObject([{ type: 'function_call', arguments: '{"location":"Oslo"}' }])
  expect(tools).toMatchObject([{ strict: null }])
})

test('image-input', async () => {
  const heart =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
  const parts = [
    { type: 'input_text', text: 'What is it?' },
    { type: 'input_image', image_url: heart },
  ]
  const { status: state } = await whole({ input: [said('user', parts)] })
  expect(state).toBe('completed')
  expect(lastAsked()).toContain('"media_type":"image/png"')
})

test('multi-turn', async () => {
  const { output } = await whole({
    input: [
      said('user', 'My name is Alice.'),
      said('assistant', 'Hello Alice!'),
      said('user', 'What is my name?'),
    ],
  })
  expect(output).toHaveLength(1)
})

test('compact-response', async () => {
  bench.standin.reply(message(textMessage('Launch on Tuesday.')))
  const answer = await post('/responses/compact', {
    model: MODEL,
    prompt_cache_key: 'a-key',
    input: [said('user', 'We launch on Tuesday.'), said('assistant', 'Understood.')],
  })
  expect(answer.status).toBe(200)
  expect(compacted.parse(await answer.json()).output).toHaveLength(1)
})

test('compact-missing-model', async () => {
  const answer = await post('/responses/compact', { input: [said('user', 'Compact this.')] })
  expect([400, 422]).toContain(answer.status)
})

test('websocket-response', async () => {
  const { create, close } = await connected()
  const { types, last } = read(await create({ input: [said('user', 'Count from 1 to 3.')] }))
  expect(last.status).toBe('completed')
  expect(types[0]).toBe('response.created')
  close()
})

test('websocket-sequential-responses', async () => {
  const { create, close } = await connected()
  for (const input of ['Reply with exactly: first', 'Reply with exactly: second']) {
    expect(read(await create({ store: false, input })).last.status).toBe('completed')
  }
  close()
})

test('websocket-continuation', async () => {
  const { create, close } = await connected()
  const first = read(await create({ store: false, input: 'The word is cobalt.' })).last
  const second = { store: false, previous_response_id: first.id, input: 'What is the word?' }
  expect(read(await create(second)).last).toMatchObject({
    status: 'completed',
    previous_response_id: first.id,
  })
  expect(lastAsked()).toContain('cobalt')
  close()
})

test('websocket-reconnect-store-false-recovery', async () => {
  const before = await connected()
  const first = read(await before.create({ store: false, input: 'The word is copper.' })).last
  before.close()
  const { create, close } = await connected()
  const lost = await create({ store: false, previous_response_id: first.id, input: 'Go on.' })
  expect(lost).toMatchObject([
    { type: 'error', status: 400, error: { code: 'previous_response_not_found' } },
  ])
  expect(read(await create({ store: false, input: 'Start anew.' })).last.status).toBe('completed')
  close()
})

test('websocket-previous-response-not-found', async () => {
  const { create, close } = await connected()
  const lost = await create({ store: false, previous_response_id: 'resp_made_up', input: 'Go.' })
  expect(lost.at(-1)?.error?.code).toBe('previous_response_not_found')
  close()
})

test('websocket-failed-continuation-evicts-cache', async () => {
  const { create, close } = await connected()
  const first = read(await create({ store: false, input: 'The word is ember.' })).last
  const output = { type: 'function_call_output', call_id: 'call_made_up', output: 'No such call.' }
  const goOn = { store: false, previous_response_id: first.id }
  expect(await create({ ...goOn, input: [output] })).toMatchObject([{ type: 'error' }])
  const lost = await create({ ...goOn, input: 'Go on.' })
  expect(lost.at(-1)?.error?.code).toBe('previous_response_not_found')
  close()
})

test('websocket-compact-new-chain', async () => {
  bench.standin.reply(message(textMessage('The launch is on Tuesday.')))
  const input = [said('user', 'We launch on Tuesday.'), said('assistant', 'Understood.')]
  const answer = await post('/responses/compact', { model: MODEL, input })
  const { output } = compacted.parse(await answer.json())
  const { create, close } = await connected()
  const next = { store: false, input: [...output, said('user', 'When is the launch?')] }
  expect(read(await create(next)).last.status).toBe('completed')
  expect(lastAsked()).toContain('The launch is on Tuesday.')
  close()
})

test('a socket can prepare a response to continue from, and names its streams', async () => {
  const { create, close } = await connected()
  const asked = bench.standin.messages.length
  const warm = await create({ store: false, generate: false, input: 'I am Ada.', stream_id: 'a' })
  expect(warm.every((one) => 'stream_id' in one && one.stream_id === 'a')).toBe(true)
  expect(bench.standin.messages.length).toBe(asked)
  const last = warm.at(-1) as unknown as { response: Whole }
  expect(last.response).toMatchObject({ status: 'completed', output: [] })
  await create({ store: false, previous_response_id: last.response.id, input: 'Who am I?' })
  expect(lastAsked()).toContain('I am Ada.')
  close()
})

test.each([
  ['no JSON', '{', 400],
  ['another type of message', JSON.stringify({ type: 'response.cancel' }), 400],
  ['no object', '[]', 400],
])('%s over a socket is an error, and the socket stays open', async (_, text, status) => {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/responses`)
  await new Promise((resolve) => socket.once('open', resolve))
  const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve))
  socket.send(text)
  expect(JSON.parse((await answer).toString('utf8'))).toMatchObject({ type: 'error', status })
  expect(socket.readyState).toBe(socket.OPEN)
  socket.close()
})

test.each([
  ['from another page', '/responses', { origin: 'https://made-up.example' }, 403],
  ['at another route', '/models', {}, 426],
  ['at no route', '/made_up', {}, 404],
])('a socket %s is refused with a status', async (_, path, headers, status) => {
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}${path}`, { headers })
  const refused = new Promise<number | undefined>((resolve) =>
    socket.once('unexpected-response', (__, incoming) => resolve(incoming.statusCode)),
  )
  expect(await refused).toBe(status)
})

test('a request without an upgrade gets the information that there is a socket', async () => {
  const answer = await fetch(`${base}/responses`)
  expect(answer.status).toBe(426)
})
