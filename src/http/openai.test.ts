import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { ringOf } from '../../test/support/key-rings.ts'
import { appOptions } from '../../test/support/app-options.ts'
import { never, REPLY, source } from '../../test/support/source.ts'
import { ApiError } from '../errors.ts'
import { LEFT_OUT_HEADER } from '../openai/left-out.ts'
import { type AppOptions, createApp } from './app.ts'
import type { Reply } from '../stream/reply.ts'
import type { Ask } from './reply.ts'

const HELLO = { messages: [{ role: 'user', content: 'Hello' }] }

function open(options: Partial<AppOptions> = {}) {
  const onError = vi.fn<(error: unknown) => void>()
  const app = createApp({ ...appOptions(), onError, ...options })
  const post = (body: object, init: RequestInit = {}, path = '/v1/chat/completions') =>
    Promise.resolve(
      app.request(`http://localhost${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
      }),
    )
  return { app, post, onError }
}

test('a chat is sent as a Messages request, with its betas and its id', async () => {
  const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
  const { post } = open({ ask })
  const response = await post(
    { ...HELLO, model: 'gpt-4o', made_up: 1 },
    { headers: { 'anthropic-beta': 'a-1' } },
  )
  expect(response.status).toBe(200)
  const [asked, about] = ask.mock.calls[0] ?? []
  expect(asked).toEqual({ ...HELLO, model: 'gpt-4o' })
  expect(about).toMatchObject({ betas: ['a-1'], id: response.headers.get('x-request-id') })
})

test('parameters that the model refuses are left out, and a header names them', async () => {
  const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
  const onLeftOut = vi.fn<AppOptions['onLeftOut']>()
  const { post } = open({ ask, onLeftOut, modelOf: () => 'claude-opus-5-5' })
  const response = await post({ ...HELLO, model: 'opus', temperature: 0, top_p: 1, stop: '\n' })
  expect(ask.mock.calls[0]?.[0]).toEqual({ ...HELLO, model: 'opus' })
  expect(response.headers.get(LEFT_OUT_HEADER)).toBe('stop, temperature, top_p')
  const id = response.headers.get('x-request-id')
  expect(onLeftOut.mock.calls).toEqual([[{ id, names: ['stop', 'temperature', 'top_p'] }]])
  expect((await post(HELLO)).headers.has(LEFT_OUT_HEADER)).toBe(false)
  expect(onLeftOut).toHaveBeenCalledOnce()
})

describe('a chat of several choices', () => {
  const several = { ...HELLO, n: 3 }

  test('is as many turns, with one usage', async () => {
    const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
    const { post } = open({ ask })
    const response = await post(several)
    expect(ask).toHaveBeenCalledTimes(3)
    expect(ask.mock.calls[0]?.[0]).toEqual(HELLO)
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl_/),
      choices: [0, 1, 2].map((index) => ({
        index,
        message: { content: 'Hi' },
        finish_reason: 'stop',
      })),
      usage: { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 },
    })
  })

  test('streams the choices as they come', async () => {
    const { post } = open()
    const body = { ...several, stream: true, stream_options: { include_usage: true } }
    const lines = (await (await post(body)).text()).trim().split('\n\n')
    expect(lines.pop()).toBe('data: [DONE]')
    const chunks = lines.map(
      (line) => JSON.parse(line.slice('data: '.length)) as ChatCompletionChunk,
    )
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.pop()).toMatchObject({ choices: [], usage: { total_tokens: 9 } })
    for (const index of [0, 1, 2]) {
      const own = chunks.flatMap(({ choices }) => choices).filter((one) => one.index === index)
      expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe('Hi')
      expect(own.at(-1)?.finish_reason).toBe('stop')
    }
  })

  test.each([false, true])(
    'fails as a whole if one choice does not begin (stream: %j)',
    async (stream) => {
      const goingOn = [...REPLY.slice(0, 3), never]
      const asked = [source(goingOn), source([fullError()]), source(goingOn)]
      const left = asked.map(({ events }) => events)
      const { post } = open({ ask: () => Promise.resolve(left.shift() as Reply) })
      const response = await post({ ...several, stream })
      expect(response.status).toBe(529)
      expect(asked[0]?.returned).toHaveBeenCalled()
      expect(asked[2]?.returned).toHaveBeenCalled()
    },
  )

  test('that fails in the middle never looks complete', async () => {
    const asked = [source(REPLY), source([...REPLY.slice(0, 3), fullError()]), source(REPLY)]
    const left = asked.map(({ events }) => events)
    const { post } = open({ ask: () => Promise.resolve(left.shift() as Reply) })
    const text = await (await post({ ...several, stream: true })).text()
    expect(text).toContain('overloaded_error')
    expect(text).not.toContain('[DONE]')
  })
})

function fullError(): ApiError {
  return new ApiError('overloaded_error', 'Overloaded')
}

describe.each([false, true])('a failure of a chat, with stream: %j', (stream) => {
  const options = { status: 529, requestId: 'req_upstream', retryAfter: 7 }
  const overloaded = new ApiError('overloaded_error', 'Overloaded', options)
  const body = {
    error: { message: 'Overloaded', type: 'overloaded_error', param: null, code: null },
  }

  test('before the first event has its own status, id and retry-after', async () => {
    const { post } = open({ ask: () => Promise.resolve(source([overloaded]).events) })
    const response = await post({ ...HELLO, stream })
    expect(response.status).toBe(529)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(response.headers.get('x-request-id')).toBe('req_upstream')
    expect(await response.json()).toEqual(body)
  })

  test('inside the proxy is logged, and not shown', async () => {
    const failure = new TypeError('made up secret')
    const { post, onError } = open({
      ask: () => Promise.resolve(source([...REPLY.slice(0, 3), failure]).events),
    })
    const text = await (await post({ ...HELLO, stream })).text()
    expect(text).toContain('Internal server error')
    expect(text).not.toContain('secret')
    expect(onError).toHaveBeenCalledWith(failure)
  })

  test('after the first event never looks like a whole reply', async () => {
    const { post } = open({
      ask: () => Promise.resolve(source([...REPLY.slice(0, 3), overloaded]).events),
    })
    const response = await post({ ...HELLO, stream })
    const text = await response.text()
    expect(response.status).toBe(stream ? 200 : 529)
    expect(text.trim().split('\n\n').at(-1)).toBe(
      stream ? `data: ${JSON.stringify(body)}` : JSON.stringify(body),
    )
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('"stop"')
  })
})

describe('a stream of a chat', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('that is silent gets comments, which clients ignore', async () => {
    const { post } = open({
      ask: () => Promise.resolve(source([...REPLY.slice(0, 1), never]).events),
      pingInterval: 5000,
    })
    const response = await post({ ...HELLO, stream: true })
    const reader = response.body?.getReader()
    await reader?.read()
    const next = reader?.read()
    await vi.advanceTimersByTimeAsync(5000)
    expect(new TextDecoder().decode((await next)?.value)).toBe(': ping\n\n')
    await reader?.cancel()
  })

  test('ends when the client leaves', async () => {
    const { events, returned } = source([...REPLY.slice(0, 3), never])
    const { post } = open({ ask: () => Promise.resolve(events) })
    const response = await post({ ...HELLO, stream: true })
    await response.body?.cancel()
    expect(returned).toHaveBeenCalled()
  })
})

describe("errors have OpenAI's form", () => {
  test('if the key is missing', async () => {
    const { post } = open({ keyRing: ringOf('made-up') })
    const response = await post(HELLO)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      error: { type: 'authentication_error', code: 'invalid_api_key' },
    })
  })

  test('if a page in a browser asks', async () => {
    const { post } = open()
    const response = await post(HELLO, { headers: { origin: 'https://evil.example' } })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { type: 'permission_error', code: null } })
  })

  test('if a field is wrong, and nothing is sent upstream', async () => {
    const ask = vi.fn<Ask>()
    const { post } = open({ ask })
    const response = await post({ messages: [{ role: 'user', content: 5 }] })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining('messages[0].content: '),
        type: 'invalid_request_error',
        param: 'messages[0].content',
        code: null,
      },
    })
    expect(ask).not.toHaveBeenCalled()
  })

  test.each(['/v1/chat/completions', '/v1/responses'])(
    'if JSON is nested too deeply, at %s',
    async (path) => {
      const { post } = open({ maxBodySize: 1_000_000 })
      const schema = `${'{"items":'.repeat(20_000)}{}${'}'.repeat(20_000)}`
      const [wrapped, hello] = path.includes('chat')
        ? [
            `{"type":"function","function":{"name":"f","strict":true,"parameters":${schema}}}`,
            HELLO,
          ]
        : [
            `{"type":"function","name":"f","strict":true,"parameters":${schema}}`,
            { input: 'Hello' },
          ]
      const body = `${JSON.stringify(hello).slice(0, -1)},"tools":[${wrapped}]}`
      const response = await post({}, { body }, path)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        error: { message: expect.stringContaining('nested too deeply') },
      })
    },
  )

  test("with the client's own ids of calls", async () => {
    const { post } = open()
    const call = { id: 'functions.look:0', function: { name: 'look', arguments: '{}' } }
    const messages = [...HELLO.messages, { role: 'assistant', tool_calls: [call] }]
    const response = await post({ messages: [...messages, ...HELLO.messages] })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('functions.look:0')
  })

  test('if a rule of the Messages API is broken', async () => {
    const { post } = open()
    const messages = [...HELLO.messages, { role: 'tool', tool_call_id: 'made_up', content: 'x' }]
    const response = await post({ messages })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('made_up'), type: 'invalid_request_error' },
    })
  })
})

describe('an unsupported endpoint', () => {
  test.each(['embeddings', 'audio/speech', 'images/generations', 'moderations'])(
    '/v1/%s does not exist in the Messages API either',
    async (path) => {
      const { post } = open()
      const response = await post({}, {}, `/v1/${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        error: { message: expect.stringContaining("The model's API has no"), param: null },
      })
    },
  )

  test('under /v1 has an error that names the right base URL', async () => {
    const { app } = open()
    const response = await app.request('/v1/made_up')
    expect(response.status).toBe(404)
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error.message).toContain('GET /v1/made_up')
    expect(error.message).toContain('OpenAI client to http://localhost/v1')
  })
})
