import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Bench, startBench } from '../../support/compare-bench.ts'

const HELLO = { role: 'user', content: 'Hello' }

/** Bodies that are no Messages request, and the text that the error must contain. */
const WRONG: [title: string, body: unknown, named: RegExp][] = [
  ['no JSON', '{"messages": [', /JSON/],
  ['nothing', '', /empty/],
  ['blanks', ' \n', /empty/],
  ['a list', [HELLO], /object/],
  ['a text', '"Hello"', /object/],
  ['null', 'null', /object/],
  ['no messages', {}, /^messages: Field required/],
  ['messages that are no list', { messages: 'Hello' }, /^messages: /],
  ['an empty list of messages', { messages: [] }, /^messages: /],
  ['a message that is a text', { messages: ['Hello'] }, /^messages\.0/],
  ['a role that does not exist', asked({ role: 'wizard', content: 'Hi' }), /^messages\.0\.role/],
  ['a message without a role', asked({ content: 'Hi' }), /^messages\.0\.role/],
  ['a message without content', asked({ role: 'user' }), /^messages\.0\.content/],
  ['content that is a number', asked({ role: 'user', content: 7 }), /^messages\.0\.content/],
  ['content that is null', asked({ role: 'user', content: null }), /^messages\.0\.content/],
  ['content without blocks', asked({ role: 'user', content: [] }), /^messages\.0/],
  ['an empty text', asked({ role: 'user', content: '' }), /^messages/],
  ['a block without a type', asked(user({ text: 'Hi' })), /^messages\.0\.content\.0\.type/],
  ['a block that is a text', asked(user('Hi')), /^messages\.0\.content\.0/],
  ['a text block without text', asked(user({ type: 'text' })), /^messages\.0\.content\.0\.text/],
  ['an image without a source', asked(user({ type: 'image' })), /^messages\.0\.content\.0\.image/],
  [
    'a result of no call',
    asked(user({ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x' })),
    /tool_use_id/,
  ],
  [
    'a call without its result',
    asked(
      HELLO,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'a', input: {} }] },
      HELLO,
    ),
    /tool_result/,
  ],
  ['no message of a user', asked({ role: 'assistant', content: 'I' }), /user/],
  ['a model that is a number', hello({ model: 4 }), /^model: /],
  ['an empty model', hello({ model: '' }), /^model: /],
  ['max_tokens that is a text', hello({ max_tokens: '100' }), /^max_tokens: /],
  ['max_tokens that is no whole number', hello({ max_tokens: 1.5 }), /^max_tokens: /],
  ['max_tokens below zero', hello({ max_tokens: -1 }), /^max_tokens: /],
  ['a temperature that is a text', hello({ temperature: 'hot' }), /^temperature: /],
  ['top_p that is a list', hello({ top_p: [1] }), /^top_p: /],
  ['top_k that is a text', hello({ top_k: 'some' }), /^top_k: /],
  ['stop_sequences that is a text', hello({ stop_sequences: '###' }), /^stop_sequences: /],
  ['stream that is a text', hello({ stream: 'yes' }), /^stream: /],
  ['system that is a number', hello({ system: 1 }), /^system: /],
  ['a system block that is an image', hello({ system: [{ type: 'image' }] }), /^system\.0/],
  ['tools that are no list', hello({ tools: {} }), /^tools: /],
  ['a tool without a name', hello({ tools: [{ input_schema: {} }] }), /^tools\.0\.name/],
  ['a tool without a schema', hello({ tools: [{ name: 'a' }] }), /^tools\.0\.input_schema/],
  ['tool_choice that is a text', hello({ tool_choice: 'auto' }), /^tool_choice: /],
  ['thinking that is true', hello({ thinking: true }), /^thinking: /],
  ['metadata that is a text', hello({ metadata: 'me' }), /^metadata: /],
]

const MAX_BODY_SIZE = 20_000

let bench: Bench
let port: number

beforeAll(async () => {
  bench = await startBench({
    runtimeReminders: 'keep',
    host: '127.0.0.1',
    maxBodySize: MAX_BODY_SIZE,
  })
  port = (await bench.proxy.listen()).port
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

describe('an invalid Messages request is a 400 that names the error', () => {
  test.each(WRONG)('%s', async (_, body, named) => {
    const response = await bench.post(body)

    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toStrictEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(named) },
      request_id: response.headers.get('request-id'),
    })
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('also if it asks for a stream', async () => {
    const response = await bench.post({ stream: true, messages: [] })

    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('with bytes that are no UTF-8', async () => {
    const bytes = Buffer.from(JSON.stringify(hello({})).replace('Hello', 'Grüße'), 'latin1')
    const answer = await send({ chunks: [bytes], headers: { 'content-length': bytes.length } })

    expect(answer).toMatchObject({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error' } },
    })
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('with endless nesting', async () => {
    const depth = MAX_BODY_SIZE / 2 - 200
    const nested = '['.repeat(depth) + ']'.repeat(depth)
    const response = await bench.post(
      `{"messages":[{"role":"user","content":"x"}],"deep":${nested}}`,
    )

    expect(response.status).toBe(400)
    expect(bench.standin.requests).toHaveLength(0)
  })
})

describe('a body over the limit is a 413', () => {
  const chunks = Array.from({ length: 30 }, () => Buffer.alloc(1000, 'x'))

  test.each([
    ['that says so before', { 'content-length': 30_000 }],
    ['that comes in chunks', { 'transfer-encoding': 'chunked' }],
  ])('%s', async (_, headers) => {
    const answer = await send({ chunks, headers })

    expect(answer).toMatchObject({
      status: 413,
      body: { type: 'error', error: { type: 'request_too_large' } },
    })
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('and one just below it is served', async () => {
    const empty = JSON.stringify(asked({ role: 'user', content: '' })).length
    const content = 'x'.repeat(MAX_BODY_SIZE - empty)
    const response = await bench.post(asked({ role: 'user', content }))

    expect(response.status).toBe(200)
    expect(bench.countOf(content)).toBe(1)
  })
})

describe('a request may leave out', () => {
  test('the model: the default is used', async () => {
    const response = await bench.post({ max_tokens: 100, messages: [HELLO] })

    expect(response.status).toBe(200)
    expect(bench.standin.messages[0]?.body.model).toBe('claude-sonnet-4-6')
  })

  test('max_tokens', async () => {
    const response = await bench.post({ messages: [HELLO] })

    expect(response.status).toBe(200)
    expect(bench.standin.messages[0]?.body.max_tokens).toBeGreaterThan(0)
  })

  test.each([['text/plain'], ['application/x-www-form-urlencoded'], ['']])(
    'the content type (%j)',
    async (contentType) => {
      const response = await bench.post(hello({}), { headers: { 'content-type': contentType } })

      expect(response.status).toBe(200)
    },
  )
})

describe('a route that does not exist is a 404', () => {
  test.each([
    ['GET', '/page'],
    ['GET', '/v1/messages'],
    ['POST', '/v1/complete'],
    ['DELETE', '/v1/messages'],
  ])('%s %s', async (method, path) => {
    const response = await bench.proxy.fetch(`http://localhost${path}`, { method })

    expect(response.status).toBe(404)
    expect(await response.json()).toStrictEqual({
      type: 'error',
      error: { type: 'not_found_error', message: expect.stringContaining(path) },
      request_id: response.headers.get('request-id'),
    })
    expect(bench.standin.requests).toHaveLength(0)
  })
})

function asked(...messages: unknown[]) {
  return { model: 'claude-sonnet-4-6', max_tokens: 100, messages }
}

function hello(fields: Record<string, unknown>) {
  return { ...asked(HELLO), ...fields }
}

function user(...content: unknown[]) {
  return { role: 'user', content }
}

/** Over the socket, with headers that `fetch` would not send. */
function send({
  chunks,
  headers,
}: {
  chunks: Buffer[]
  headers: Record<string, string | number>
}): Promise<{ status: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, path: '/v1/messages', method: 'POST', headers },
      (response) => {
        json(response).then((body) => resolve({ status: response.statusCode, body }), reject)
      },
    )
    outgoing.on('error', reject)
    Readable.from(chunks).pipe(outgoing)
  })
}
