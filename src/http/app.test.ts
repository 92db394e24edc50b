import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { plainKey } from '../config/keys/client-key.ts'
import { ringOf } from '../../test/support/key-rings.ts'
import { appOptions } from '../../test/support/app-options.ts'
import { never, REPLY, source } from '../../test/support/source.ts'
import { Deferred } from '../deferred.ts'
import { ApiError } from '../errors.ts'
import { type AppOptions, createApp } from './app.ts'
import type { Ask, RequestFacts } from './messages.ts'

const HELLO = { max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }

function open(options: Partial<AppOptions> = {}) {
  const onError = vi.fn<(error: unknown) => void>()
  const app = createApp({ ...appOptions(), onError, ...options })
  const post = (body: unknown, init: RequestInit = {}): Promise<Response> =>
    Promise.resolve(
      app.request('http://localhost/v1/messages', {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
    )
  return { app, post, onError }
}

describe('a request for a message', () => {
  test('is answered with the message that the events make', async () => {
    const { post } = open()
    const response = await post(HELLO)
    expect(response.status).toBe(200)
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(await response.json()).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'made-up',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 2 },
    })
  })

  test('for a stream is answered with the events', async () => {
    const { post } = open()
    const response = await post({ ...HELLO, stream: true })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    const text = await response.text()
    expect(text).toBe(
      REPLY.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
    )
  })

  test('is refused while waiting requests fill the memory, and served after them', async () => {
    const asked: (() => void)[] = []
    const ask: Ask = () => new Promise((resolve) => asked.push(() => resolve(source(REPLY).events)))
    const { post } = open({ ask, maxBodySize: 1000 })
    const large = { ...HELLO, made_up: 'a'.repeat(850) }
    const waiting = Array.from({ length: 8 }, () => post(large))
    await expect.poll(() => asked.length).toBe(8)
    const refused = await post(large)
    expect(refused.status).toBe(529)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await refused.json()).toMatchObject({ error: { type: 'overloaded_error' } })
    for (const answer of asked) answer()
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(200)
    const served = post(large)
    await expect.poll(() => asked.length).toBe(9)
    asked.at(-1)?.()
    expect((await served).status).toBe(200)
  })

  test('reaches the engine unchanged, with its betas and its id', async () => {
    const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
    const { post } = open({ ask })
    const body = { ...HELLO, made_up: { a: [null] } }
    const response = await post(body, { headers: { 'anthropic-beta': ' a-1 ,b-2,, ' } })
    expect(ask).toHaveBeenCalledTimes(1)
    const [asked, about] = ask.mock.calls[0] ?? []
    expect(asked).toEqual(body)
    expect(about).toMatchObject({ betas: ['a-1', 'b-2'], id: response.headers.get('request-id') })
  })

  test('has no betas without the header', async () => {
    let seen: RequestFacts | undefined
    const { post } = open({
      ask: (_, about) => {
        seen = about
        return Promise.resolve(source(REPLY).events)
      },
    })
    await post(HELLO)
    expect(seen?.betas).toEqual([])
  })
})

describe('a wrong request is refused before anything is sent upstream', () => {
  test.each([
    ['an empty body', '', /empty/],
    ['no JSON', '{', /JSON/],
    ['no messages', '{}', /^messages:/],
    ['a wrong type', { ...HELLO, stream: 'yes' }, /^stream:/],
  ])('%s', async (_name, body, message) => {
    const ask = vi.fn<Ask>()
    const { post, onError } = open({ ask })
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringMatching(message) },
      request_id: response.headers.get('request-id'),
    })
    expect(ask).not.toHaveBeenCalled()
    expect(onError).not.toHaveBeenCalled()
  })

  test('a body that is too large', async () => {
    const ask = vi.fn<Ask>()
    const { post } = open({ ask })
    const response = await post('a'.repeat(1001))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } })
    expect(ask).not.toHaveBeenCalled()
  })
})

describe.each([false, true])('a failure, with stream: %j', (stream) => {
  const options = { status: 529, requestId: 'req_upstream', retryAfter: 7 }
  const overloaded = new ApiError('overloaded_error', 'Overloaded', options)

  test('before the first event has its own status, id and retry-after', async () => {
    for (const ask of [
      () => Promise.reject(overloaded),
      () => Promise.resolve(source([overloaded]).events),
    ]) {
      const { post, onError } = open({ ask })
      const response = await post({ ...HELLO, stream })
      expect(response.status).toBe(529)
      expect(response.headers.get('retry-after')).toBe('7')
      expect(response.headers.get('request-id')).toBe('req_upstream')
      expect(response.headers.get('content-type')).toContain('application/json')
      expect(await response.json()).toEqual({
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: 'req_upstream',
      })
      expect(onError).not.toHaveBeenCalled()
    }
  })

  test('inside the proxy is logged, and not shown', async () => {
    const failure = new TypeError('made up secret')
    const { post, onError } = open({ ask: () => Promise.reject(failure) })
    const response = await post({ ...HELLO, stream })
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      error: { type: 'api_error', message: 'Internal server error' },
    })
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
    expect(text).toContain('overloaded_error')
    expect(text).not.toContain('message_stop')
  })
})

test('a reply that ends early is no message', async () => {
  const { post, onError } = open({
    ask: () => Promise.resolve(source(REPLY.slice(0, 3)).events),
  })
  const response = await post(HELLO)
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({
    error: { type: 'api_error', message: expect.stringContaining('broke off') },
  })
  expect(onError).not.toHaveBeenCalled()
})

describe('the first event', () => {
  beforeEach(() => {
    // Reading a body takes real rounds of the event loop.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test.each([false, true])('must come in time, with stream: %j', async (stream) => {
    const { events, returned } = source([never])
    const asked = new Deferred<void>()
    const ask: Ask = () => {
      asked.resolve()
      return Promise.resolve(events)
    }
    const { post } = open({ ask, firstEventTimeout: 5000 })
    const answered = post({ ...HELLO, stream })
    await asked.promise
    await vi.advanceTimersByTimeAsync(4999)
    expect(returned).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)

    const response = await answered
    expect(response.status).toBe(504)
    expect(await response.json()).toMatchObject({
      error: { type: 'timeout_error', message: expect.stringContaining('first_event_timeout') },
    })
    expect(returned).toHaveBeenCalled()
  })

  test('has a time limit, and later events have none', async () => {
    const { events, returned } = source([...REPLY.slice(0, 1), never])
    const { post } = open({ ask: () => Promise.resolve(events), firstEventTimeout: 5000 })
    const response = await post({ ...HELLO, stream: true })
    await vi.advanceTimersByTimeAsync(9000)
    expect(returned).not.toHaveBeenCalled()
    await response.body?.cancel()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a client that leaves stops the reply', () => {
  test('before its first event', async () => {
    const leaving = new AbortController()
    const { events, returned } = source([never])
    const asked = new Deferred<void>()
    const ask: Ask = () => {
      asked.resolve()
      return Promise.resolve(events)
    }
    const { post } = open({ ask })
    const answered = post(HELLO, { signal: leaving.signal })
    await asked.promise
    leaving.abort()
    await answered
    expect(returned).toHaveBeenCalled()
  })

  test('before the request reaches the engine, which is not asked', async () => {
    const leaving = new AbortController()
    const ask = vi.fn<Ask>()
    const { post, onError } = open({ ask })
    const answered = post(HELLO, { signal: leaving.signal })
    setImmediate(() => leaving.abort())
    expect((await answered).status).toBe(499)
    expect(ask).not.toHaveBeenCalled()
    expect(onError).not.toHaveBeenCalled()
  })

  test('while the events are collected', async () => {
    const leaving = new AbortController()
    const leave = (): Promise<void> => {
      leaving.abort()
      return never()
    }
    const { events, returned } = source([...REPLY.slice(0, 3), leave])
    const { post, onError } = open({ ask: () => Promise.resolve(events) })
    const response = await post(HELLO, { signal: leaving.signal })
    expect(returned).toHaveBeenCalled()
    expect(response.status).toBe(499)
    expect(onError).not.toHaveBeenCalled()
  })

  test('while the events are streamed', async () => {
    const { events, returned } = source([...REPLY.slice(0, 3), never])
    const { post } = open({ ask: () => Promise.resolve(events) })
    const response = await post({ ...HELLO, stream: true })
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(returned).toHaveBeenCalled()
  })

  test('before its request was read', async () => {
    const leaving = new AbortController()
    const { events, returned } = source([never])
    const { post } = open({
      ask: () => {
        leaving.abort()
        return Promise.resolve(events)
      },
    })
    await post(HELLO, { signal: leaving.signal })
    expect(returned).toHaveBeenCalled()
  })
})

test.each([
  [undefined, false],
  [['made-up-ann'], false],
  [['made-up-ann', 'made-up-bob'], true],
])(
  'with the keys %j, the overview knows if several callers see the page: %j',
  async (keys, isShared) => {
    const watchOverview = vi.fn<AppOptions['watchOverview']>(() => source([]).events)
    const { app } = open({ watchOverview, keyRing: keys && ringOf(...keys) })
    const headers: Record<string, string> = keys === undefined ? {} : { 'x-api-key': 'made-up-ann' }
    const response = await app.request('/v1/usage/stream', { headers })
    expect(response.status).toBe(200)
    expect(await watchOverview.mock.calls[0]?.[0]()).toEqual({
      isShared,
      key: keys && plainKey('made-up-ann'),
    })
  },
)

test('an open page is checked with each look: is its key valid, are there other callers', async () => {
  let keys = ['made-up-ann']
  const watchOverview = vi.fn<AppOptions['watchOverview']>(() => source([]).events)
  const { app } = open({ watchOverview, keyRing: () => ringOf(...keys)() })
  await app.request('/v1/usage/stream', { headers: { 'x-api-key': 'made-up-ann' } })
  const [viewer] = watchOverview.mock.calls[0] ?? []
  expect(await viewer?.()).toMatchObject({ isShared: false })
  keys = ['made-up-ann', 'made-up-bob']
  expect(await viewer?.()).toMatchObject({ isShared: true })
  keys = ['made-up-bob']
  await expect(viewer?.()).rejects.toMatchObject({ status: 401 })
})

test('the log is refused to one of several callers, also while it is read', async () => {
  let keys = ['made-up-ann']
  const watchLog = vi.fn<AppOptions['watchLog']>(() => source([]).events)
  const { app } = open({ watchLog, keyRing: () => ringOf(...keys)() })
  const ask = () =>
    Promise.resolve(app.request('/v1/log/stream', { headers: { 'x-api-key': 'made-up-ann' } }))
  expect((await ask()).status).toBe(200)
  keys = ['made-up-ann', 'made-up-bob']
  await expect(watchLog.mock.calls[0]?.[0]()).rejects.toMatchObject({ status: 403 })
  expect((await ask()).status).toBe(403)
  expect(watchLog).toHaveBeenCalledTimes(1)
})

describe('other routes', () => {
  test('/health is open, even if everything else needs a key', async () => {
    const { app } = open({ keyRing: ringOf('made-up') })
    const response = await app.request('/health', { headers: { host: 'evil.example' } })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      status: 'ok',
      version: '1.2.3',
      uptime_seconds: expect.any(Number),
    })
  })

  test('/auth/status returns the facts about the login', async () => {
    const { app } = open()
    const response = await app.request('/auth/status')
    expect(await response.json()).toEqual({ authenticated: true })
  })

  test.each([
    ['GET', '/page/nothing.js'],
    ['GET', '/v1/messages'],
    ['POST', '/v1/message'],
    ['DELETE', '/health'],
  ])('%s %s is not found, in the form of the API', async (method, path) => {
    const { app, onError } = open()
    const response = await app.request(path, { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'not_found_error', message: expect.stringContaining(`${method} ${path}`) },
      request_id: response.headers.get('request-id'),
    })
    expect(onError).not.toHaveBeenCalled()
  })

  test.each([
    ['/v1/message', 'base URL of an Anthropic client to http://localhost:42069,'],
    ['/v1/v2/messages', 'that of an OpenAI client to http://localhost:42069/v1.'],
    ['/v1/models', 'There is no POST /v1/models here: send GET.'],
    ['/v1/embeddings', "The model's API has no embeddings."],
  ])('POST %s is refused with the right path, in one sentence', async (path, words) => {
    const { app } = open()
    const response = await app.request(`http://localhost:42069${path}`, { method: 'POST' })
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error.message).toContain(words)
    expect(error.message).not.toMatch(/ALL|:id|\{/)
  })

  test.each([
    '/v1/messages/',
    '//v1/messages',
    '/v1/v1/messages',
    '/messages',
    '/anthropic/v1/messages',
  ])('a message request to %s is answered', async (path) => {
    const { app } = open()
    const init = { method: 'POST', body: JSON.stringify(HELLO) }
    const response = await app.request(`http://localhost${path}`, init)
    expect(await response.json()).toMatchObject({ content: [{ text: 'Hi' }] })
  })

  test.each([
    '/health',
    '/auth/status',
    '/metrics',
    '/',
    '/page/style.css',
    '/v1/models',
    '/v1/usage/stream',
    '/v1/log/stream',
    '/nothing',
  ])('%s has a request-id', async (path) => {
    const { app } = open()
    const response = await app.request(path)
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    await response.body?.cancel()
  })

  test.each(['/', '/api/hello', '/health'])('HEAD %s is 200, without a key', async (path) => {
    const { app } = open({ keyRing: ringOf('made-up') })
    const response = await app.request(path, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test.each(['/', '/health'])(
    'OPTIONS %s succeeds, for checks of a load balancer',
    async (path) => {
      const { app } = open({ keyRing: ringOf('made-up') })
      expect((await app.request(path, { method: 'OPTIONS' })).status).toBe(204)
    },
  )
})
