import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { error } from '../../support/answers.ts'
import { type Bench, startBench } from '../../support/compare-bench.ts'
import { NO_LOGIN } from '../../support/sandbox.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { type Countable, tokensOf } from '../../support/tokens.ts'

type Body = Anthropic.MessageCountTokensParams

let bench: Bench
let client: Anthropic

beforeAll(async () => {
  bench = await startBench({ maxProcesses: 1 })
  client = new Anthropic({ fetch: bench.proxy.fetch, apiKey: 'not needed', maxRetries: 0 })
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

const MODEL = 'claude-sonnet-4-6'
const TOOL = {
  name: 'get_weather',
  description: 'Gets the weather of a place, which may be any place.',
  input_schema: { type: 'object' as const, properties: { place: { type: 'string' } } },
}
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const LOOP: Body['messages'] = [
  { role: 'user', content: 'How is the weather in Paris?' },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'I shall look.' },
      { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { place: 'Paris' } },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: 'It rains.' },
      { type: 'text', text: 'And in short?' },
    ],
  },
]

/** The stand-in's count for the same request, without the proxy. */
function direct(body: Body): number {
  return tokensOf(body as unknown as Countable)
}

/** The messages that the stand-in counted, without those of the proxy's own gauge. */
function counted(): unknown[] {
  return bench.standin.requests
    .map(({ body }) => (body as MessageRequest['body']).messages)
    .filter((messages) => JSON.stringify(messages) !== '[{"role":"user","content":"foo"}]')
}

const REQUESTS: [string, Body][] = [
  ['a message', { model: MODEL, messages: [{ role: 'user', content: 'How many are these?' }] }],
  ['a conversation with calls', { model: MODEL, messages: LOOP }],
  [
    'a system prompt',
    {
      model: MODEL,
      system: 'You count sheep, and nothing else but sheep.',
      messages: [{ role: 'user', content: 'Hello' }],
    },
  ],
  ['a small tool', { model: MODEL, tools: [TOOL], messages: [{ role: 'user', content: 'Hello' }] }],
  [
    'system, many tools and messages',
    {
      model: MODEL,
      system: [
        { type: 'text', text: 'One block.' },
        { type: 'text', text: 'And another one.' },
      ],
      tools: Array.from({ length: 30 }, (_, index) => ({
        ...TOOL,
        name: `tool_${index}`,
        strict: true,
        description: `${TOOL.description} `.repeat(index).trim(),
      })),
      messages: LOOP,
    },
  ],
  [
    'a conversation that ends with the assistant',
    { model: MODEL, messages: [...LOOP, { role: 'assistant', content: 'It will' }] },
  ],
]

test.each(REQUESTS)('%s counts like the API', async (_, body) => {
  expect(await client.messages.countTokens(body)).toEqual({ input_tokens: direct(body) })
  expect(bench.standin.messages).toHaveLength(0)
})

test('the count covers the messages of the client, and nothing of the runtime', async () => {
  const content: Anthropic.ContentBlockParam[] = [
    { type: 'text', text: '/cost @/etc/hostname' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
  ]
  await client.messages.countTokens({
    model: MODEL,
    system: 'Be brief.',
    messages: [...LOOP, { role: 'assistant', content: 'Rain.' }, { role: 'user', content }],
  })
  const [messages, system] = counted().toSorted(
    (a, b) => JSON.stringify(b).length - JSON.stringify(a).length,
  )
  // A text is put in as a block, so that the runtime does not interpret tags in it.
  const [question, ...others] = LOOP
  expect(messages).toMatchObject([
    { role: 'user', content: [{ type: 'text', text: question?.content }] },
    ...others,
    { role: 'assistant', content: [{ type: 'text', text: 'Rain.' }] },
    { role: 'user', content },
  ])
  expect(system).toEqual([{ role: 'user', content: 'Be brief.' }])
  expect(counted()).toHaveLength(2)
})

test('the gauge of a model is measured once', async () => {
  const body: Body = {
    model: 'claude-opus-5-5',
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'Hello' }],
  }
  await client.messages.countTokens(body)
  const first = bench.standin.requests.length
  await client.messages.countTokens(body)
  expect(bench.standin.requests.length - first).toBeLessThan(first)
  expect(bench.standin.requests.length - first).toBeLessThanOrEqual(3)
})

test.each([
  ['a long description', { ...TOOL, description: 'word '.repeat(2000) }],
  ['a schema of alternatives', { ...TOOL, input_schema: alternatives() }],
  ['a tool that the API defines', { type: 'bash_20250124' as const, name: 'bash' as const }],
])('%s is counted approximately', async (_, tool) => {
  const body = { model: MODEL, tools: [tool], messages: [{ role: 'user' as const, content: 'Hi' }] }
  const { input_tokens: tokens } = await client.messages.countTokens(body)
  // The whole tool is counted: here, a description in a schema counts by its characters.
  const text = JSON.stringify(tool)
  expect(tokens).toBeGreaterThan(direct({ ...body, tools: [] }) + 346)
  expect(tokens).toBeLessThan(direct({ ...body, tools: [] }) + 346 + text.length / 2 + 50)
})

function alternatives() {
  return { type: 'object' as const, oneOf: [{ required: ['a'] }, { required: ['b'] }] }
}

describe('a count that fails is an error', () => {
  const body: Body = { model: MODEL, messages: [{ role: 'user', content: 'Hello' }] }

  test.each([
    [404, 'not_found_error', 'model: claude-sonnet-4-6'],
    [429, 'rate_limit_error', 'Too many counts.'],
    [400, 'invalid_request_error', 'messages: something is wrong with them'],
  ])("with the API's own %i", async (status, type, text) => {
    bench.standin.countAnswer = error(status, type, text)
    await expect(client.messages.countTokens(body)).rejects.toMatchObject({
      status,
      error: { type: 'error', error: { type, message: text } },
    })
  })

  test('for a request of the wrong shape', async () => {
    await expect(client.messages.countTokens({ ...body, messages: [] })).rejects.toMatchObject({
      status: 400,
    })
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('and the next count succeeds', async () => {
    expect(await client.messages.countTokens(body)).toEqual({ input_tokens: direct(body) })
  })
})

test('a count shares the processes with turns', async () => {
  const body: Body = { model: MODEL, messages: [{ role: 'user', content: 'Hello' }] }
  const all = [1, 2, 3].map(() => client.messages.countTokens(body))
  const asked = client.messages.create({ ...body, max_tokens: 10 })
  expect(await Promise.all(all)).toEqual(all.map(() => ({ input_tokens: direct(body) })))
  expect(await asked).toMatchObject({ role: 'assistant' })
})

test('without a login a count is a 401 with the fix', async () => {
  const other = await startBench({ login: NO_LOGIN })
  try {
    const response = await other.proxy.fetch('http://localhost/v1/messages/count_tokens', {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { type: 'authentication_error' } })
  } finally {
    await other.close()
  }
})
