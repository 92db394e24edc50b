import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { appOptions } from '../../test/support/app-options.ts'
import { ringOf, ringOfLines } from '../../test/support/key-rings.ts'
import { never, REPLY, source } from '../../test/support/source.ts'
import { type KeptStore, temporaryStore } from '../../test/support/store.ts'
import { Deferred } from '../deferred.ts'
import { ApiError } from '../errors.ts'
import { memoryShelf } from '../responses/memory-shelf.ts'
import { SharedShelf } from '../responses/shared-shelf.ts'
import type { ResponseShelf } from '../responses/stored.ts'
import { type AppOptions, createApp } from './app.ts'

const ONE = { authorization: 'Bearer made-up-1' }
const as = (key: string) => ({ authorization: 'Bearer the-same', 'x-api-key': key })
const TWO = { authorization: 'Bearer made-up-2' }

function eventsIn(text: string): ResponseStreamEvent[] {
  return text
    .split('\n\n')
    .map((frame) => /^data: (.*)$/m.exec(frame)?.[1])
    .flatMap((data) => (data === undefined ? [] : [JSON.parse(data) as ResponseStreamEvent]))
}

/** Asks until a response is over. */
async function ended(get: () => Promise<{ body: Record<string, unknown> }>) {
  for (;;) {
    const { body } = await get()
    if (body['status'] !== 'queued' && body['status'] !== 'in_progress') return body
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('kept in memory', () => endpointTests(memoryShelf))

describe('kept in a database', () => {
  let kept: KeptStore
  const opened: SharedShelf[] = []

  beforeAll(async () => {
    kept = await temporaryStore()
  })

  afterAll(async () => {
    for (const shelf of opened) await shelf.close()
    await kept.remove()
  })

  endpointTests(() => {
    const shelf = new SharedShelf(
      { open: () => Promise.resolve(kept.store) },
      { retention: 60_000, lease: 600, limit: 1_000_000_000, onError: () => {} },
    )
    opened.push(shelf)
    return shelf
  })
})

/** @param shelf returns a store for the clients' objects */
function endpointTests(shelf: () => ResponseShelf): void {
  function open(options: Partial<AppOptions> = {}) {
    const asked: Parameters<AppOptions['ask']>[0][] = []
    const ask: AppOptions['ask'] =
      options.ask ??
      ((request) => {
        asked.push(request)
        return Promise.resolve(source(REPLY).events)
      })
    const app = createApp({
      ...appOptions(),
      responseShelf: shelf(),
      keyRing: ringOf('made-up-1', 'made-up-2'),
      maxBodySize: 10_000,
      ...options,
      ask,
    })
    const send = async (method: string, path: string, body?: object, headers = ONE) => {
      const response = await app.request(`http://localhost/v1${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
      return response
    }
    const json = async (method: string, path: string, body?: object, headers = ONE) => {
      const response = await send(method, path, body, headers)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    return { send, json, asked }
  }

  describe('the input of a response', () => {
    test('is listed with that of the earlier responses, the latest first', async () => {
      const { json } = open()
      const first = await json('POST', '/responses', { input: 'One.' })
      const id = String(first.body['id'])
      const input = [{ role: 'user', content: 'Two.', id: 'msg_own' }]
      const second = await json('POST', '/responses', { input, previous_response_id: id })
      const path = `/responses/${String(second.body['id'])}/input_items`
      const { body } = await json('GET', path)
      expect(body).toMatchObject({
        object: 'list',
        data: [
          { id: 'msg_own', type: 'message', role: 'user', content: [{ text: 'Two.' }] },
          { type: 'message', role: 'assistant', content: [{ text: 'Hi' }] },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'One.' }] },
        ],
        first_id: 'msg_own',
        has_more: false,
      })
      const page = await json('GET', `${path}?order=asc&limit=1`)
      expect(page.body).toMatchObject({ data: [{ role: 'user' }], has_more: true })
      const next = await json(
        'GET',
        `${path}?order=asc&limit=1&after=${String(page.body['last_id'])}`,
      )
      expect(next.body).toMatchObject({ data: [{ role: 'assistant' }], has_more: true })
    })

    test.each(['limit=0', 'limit=101', 'limit=x', 'order=up', 'after=made_up'])(
      'is not listed with the wrong query %s',
      async (query) => {
        const { json } = open()
        const { body } = await json('POST', '/responses', { input: 'One.' })
        const answer = await json('GET', `/responses/${String(body['id'])}/input_items?${query}`)
        expect(answer.status).toBe(400)
        expect(answer.body).toMatchObject({ error: { param: query.split('=')[0] } })
      },
    )

    test('is counted as it would be sent', async () => {
      const counted: unknown[] = []
      const countTokens: AppOptions['countTokens'] = (request) => {
        counted.push(request)
        return Promise.resolve(7)
      }
      const { json } = open({ countTokens })
      const asked = { model: 'any', input: 'One.', instructions: 'Be brief.' }
      const { body } = await json('POST', '/responses/input_tokens', asked)
      expect(body).toEqual({ object: 'response.input_tokens', input_tokens: 7 })
      expect(counted).toMatchObject([
        { messages: [{ role: 'user', content: 'One.' }], system: [{ text: 'Be brief.' }] },
      ])
    })
  })

  describe('with named keys', () => {
    const keyRing = ringOfLines('ann = made-up-ann', 'ann = made-up-ann-2', 'bob = made-up-bob')

    test('a response is visible to all keys of its name, and to no other', async () => {
      const { json } = open({ keyRing })
      const first = await json('POST', '/responses', { input: 'One.' }, as('made-up-ann'))
      const path = `/responses/${String(first.body['id'])}`
      expect((await json('GET', path, undefined, as('made-up-ann-2'))).status).toBe(200)
      expect((await json('GET', path, undefined, as('made-up-bob'))).status).toBe(404)
      expect((await json('GET', path, undefined, as('made-up-else'))).status).toBe(401)
      const next = { input: 'Two.', previous_response_id: first.body['id'] }
      expect((await json('POST', '/responses', next, as('made-up-ann-2'))).status).toBe(200)
      expect((await json('POST', '/responses', next, as('made-up-bob'))).status).toBe(400)
    })

    test('a conversation is visible to all keys of its name, and to no other', async () => {
      const { json } = open({ keyRing })
      const { body } = await json('POST', '/conversations', {}, as('made-up-ann'))
      const path = `/conversations/${String(body['id'])}`
      expect((await json('GET', path, undefined, as('made-up-ann-2'))).status).toBe(200)
      expect((await json('GET', path, undefined, as('made-up-bob'))).status).toBe(404)
      expect((await json('DELETE', path, undefined, as('made-up-bob'))).status).toBe(404)
    })

    test('the engine gets the key of each request', async () => {
      const names: (string | undefined)[] = []
      const ask: AppOptions['ask'] = (_request, { key }) => {
        names.push(key?.name)
        return Promise.resolve(source(REPLY).events)
      }
      const { send } = open({ keyRing, ask })
      const messages = [{ role: 'user', content: 'Hi' }]
      await send('POST', '/messages', { model: 'a', max_tokens: 1, messages }, as('made-up-ann'))
      await send('POST', '/chat/completions', { model: 'a', messages }, as('made-up-bob'))
      await send('POST', '/completions', { model: 'a', prompt: 'Hi' }, as('made-up-ann-2'))
      await send('POST', '/responses', { input: 'Hi' }, as('made-up-bob'))
      expect(names).toEqual(['ann', 'bob', 'ann', 'bob'])
    })
  })

  describe('a response in the background', () => {
    test('is queued at once, and complete in the end', async () => {
      const gate = new Deferred<void>()
      const { json } = open({
        ask: () => Promise.resolve(source([() => gate.promise, ...REPLY]).events),
      })
      const { status, body } = await json('POST', '/responses', { input: 'One.', background: true })
      expect([status, body['status'], body['background']]).toEqual([200, 'queued', true])
      const path = `/responses/${String(body['id'])}`
      expect((await json('GET', path)).body).toMatchObject({ status: 'queued' })
      gate.resolve()
      const whole = await ended(() => json('GET', path))
      expect(whole).toMatchObject({
        status: 'completed',
        output: [{ type: 'message', content: [{ text: 'Hi' }] }],
      })
      const next = { input: 'Two.', previous_response_id: body['id'] }
      expect((await json('POST', '/responses', next)).status).toBe(200)
    })

    test('streams its events, and again from a given number on', async () => {
      const { json, send } = open()
      const asked = { input: 'One.', background: true, stream: true }
      const events = eventsIn(await (await send('POST', '/responses', asked)).text())
      expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
        'response.created',
        'response.queued',
        'response.in_progress',
      ])
      expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()])
      expect(events.at(-1)?.type).toBe('response.completed')
      const [first] = events
      const id = first !== undefined && 'response' in first ? first.response.id : ''
      await ended(() => json('GET', `/responses/${id}`))
      const again = await send('GET', `/responses/${id}?stream=true&starting_after=3`)
      expect(eventsIn(await again.text())).toEqual(events.slice(4))
    })

    test('can be read while it is made', async () => {
      const gate = new Deferred<void>()
      const script = [...REPLY.slice(0, 3), () => gate.promise, ...REPLY.slice(3)]
      const { json, send } = open({ ask: () => Promise.resolve(source(script).events) })
      const { body } = await json('POST', '/responses', { input: 'One.', background: true })
      const stream = await send('GET', `/responses/${String(body['id'])}?stream=true`)
      gate.resolve()
      expect(eventsIn(await stream.text()).at(-1)?.type).toBe('response.completed')
    })

    test('can be cancelled, more than once, and stays cancelled', async () => {
      const { events, returned } = source([...REPLY.slice(0, 2), never])
      const asked = new Deferred<void>()
      const ask = () => {
        asked.resolve()
        return Promise.resolve(events)
      }
      const { json } = open({ ask })
      const { body } = await json('POST', '/responses', { input: 'One.', background: true })
      const path = `/responses/${String(body['id'])}`
      await asked.promise
      for (const _ of [1, 2]) {
        const cancelled = await json('POST', `${path}/cancel`)
        expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
      }
      await expect.poll(() => returned.mock.calls.length).toBe(1)
      expect((await json('GET', path)).body).toMatchObject({ status: 'cancelled' })
    })

    test('that is deleted while it is made is gone', async () => {
      const gate = new Deferred<void>()
      const { json } = open({
        ask: () => Promise.resolve(source([() => gate.promise, ...REPLY]).events),
      })
      const { body } = await json('POST', '/responses', { input: 'One.', background: true })
      const path = `/responses/${String(body['id'])}`
      expect((await json('DELETE', path)).body).toMatchObject({ deleted: true })
      gate.resolve()
      await new Promise((resolve) => setImmediate(resolve))
      expect((await json('GET', path)).status).toBe(404)
    })

    test('that fails has the reason', async () => {
      const overloaded = new ApiError('rate_limit_error', 'Slow down.')
      const { json, send } = open({ ask: () => Promise.reject(overloaded) })
      const { body } = await json('POST', '/responses', { input: 'One.', background: true })
      const path = `/responses/${String(body['id'])}`
      const failed = await ended(() => json('GET', path))
      expect(failed).toMatchObject({
        status: 'failed',
        error: { code: 'rate_limit_exceeded', message: 'Slow down.' },
      })
      const events = eventsIn(await (await send('GET', `${path}?stream=true`)).text())
      expect(events.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed'])
    })

    test('is the only kind that can be cancelled, or streamed again', async () => {
      const { json } = open()
      const { body } = await json('POST', '/responses', { input: 'One.' })
      const path = `/responses/${String(body['id'])}`
      expect((await json('POST', `${path}/cancel`)).status).toBe(400)
      expect((await json('GET', `${path}?stream=true`)).status).toBe(400)
    })
  })

  describe('a compaction', () => {
    test('asks for a summary, which replaces the conversation', async () => {
      const { json, asked } = open()
      const input = [
        { role: 'user', content: 'We go on Tuesday.' },
        { role: 'assistant', content: 'Understood.' },
      ]
      const compacted = await json('POST', '/responses/compact', { model: 'any', input })
      expect(compacted.body).toMatchObject({
        object: 'response.compaction',
        id: expect.stringMatching(/^resp_/),
        output: [{ type: 'compaction', encrypted_content: expect.any(String) }],
        usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
      })
      expect(asked[0]?.messages).toMatchObject([
        input[0],
        { role: 'assistant', content: [{ text: 'Understood.' }] },
        { role: 'user', content: expect.stringMatching(/^Summarise/) },
      ])
      const { output } = compacted.body as { output: object[] }
      await json('POST', '/responses', { input: [...output, { role: 'user', content: 'When?' }] })
      expect(JSON.stringify(asked[1]?.messages[0])).toContain('summary of the conversation so far')
      expect(JSON.stringify(asked[1]?.messages[0])).toContain('Hi')
    })

    test('needs a model', async () => {
      const { json } = open()
      const { status, body } = await json('POST', '/responses/compact', { input: 'One.' })
      expect([status, body]).toMatchObject([400, { error: { param: 'model' } }])
    })
  })

  describe('a conversation', () => {
    const ITEM = { type: 'message', role: 'user', content: 'I am Ada.' }

    test('is created, read, changed and deleted', async () => {
      const { json } = open()
      const made = await json('POST', '/conversations', { metadata: { a: 'b' }, items: [ITEM] })
      expect(made.body).toMatchObject({ object: 'conversation', metadata: { a: 'b' } })
      const path = `/conversations/${String(made.body['id'])}`
      expect((await json('GET', path)).body).toEqual(made.body)
      const changed = await json('POST', path, { metadata: { c: 'd' } })
      expect(changed.body).toEqual({ ...made.body, metadata: { c: 'd' } })
      const added = await json('POST', `${path}/items`, { items: [ITEM, ITEM] })
      expect(added.body).toMatchObject({ object: 'list', has_more: false })
      const { data } = (await json('GET', `${path}/items?order=asc`)).body as {
        data: { id: string }[]
      }
      expect(data).toHaveLength(3)
      expect(new Set(data.map(({ id }) => id)).size).toBe(3)
      const item = `${path}/items/${String(data[0]?.id)}`
      expect((await json('GET', item)).body).toMatchObject({ role: 'user', status: 'completed' })
      expect((await json('DELETE', item)).body).toEqual(changed.body)
      expect((await json('GET', item)).status).toBe(404)
      expect((await json('DELETE', path)).body).toMatchObject({ deleted: true })
      expect((await json('GET', path)).status).toBe(404)
    })

    test('continues with each response, and grows by its items', async () => {
      const { json, asked } = open()
      const { body } = await json('POST', '/conversations', { items: [ITEM] })
      const conversation = String(body['id'])
      const first = await json('POST', '/responses', { input: 'Who am I?', conversation })
      expect(first.body).toMatchObject({ conversation: { id: conversation } })
      await json('POST', '/responses', { input: 'And?', conversation: { id: conversation } })
      const texts = asked[1]?.messages.map(({ content }) => JSON.stringify(content)) ?? []
      expect(texts.join()).toMatch(/I am Ada.*Who am I.*Hi.*And\?/)
      const { data } = (await json('GET', `/conversations/${conversation}/items`)).body as {
        data: object[]
      }
      expect(data).toHaveLength(5)
    })

    test.each([
      ['that is not there', { conversation: 'conv_made_up' }, 404],
      ['beside an earlier response', { conversation: 'a', previous_response_id: 'b' }, 400],
    ])('%s is refused', async (_, fields, status) => {
      const { json } = open()
      expect((await json('POST', '/responses', { input: 'One.', ...fields })).status).toBe(status)
    })
  })

  test('a conversation that is too long to translate is refused with the reason', async () => {
    const { json } = open({ maxBodySize: 2_000_000 })
    const { body } = await json('POST', '/conversations', {})
    const id = String(body['id'])
    const items = Array.from({ length: 6000 }, () => ({ role: 'user', content: 'Hi' }))
    const ask = () => json('POST', '/responses', { input: 'Hi', conversation: id })
    expect(await json('POST', `/conversations/${id}/items`, { items })).toMatchObject({
      status: 200,
    })
    expect(await ask()).toMatchObject({ status: 200 })
    await json('POST', `/conversations/${id}/items`, { items })
    expect(await ask()).toMatchObject({
      status: 400,
      body: { error: { param: 'conversation', code: 'array_above_max_length' } },
    })
  })

  test('a conversation that is too large for the answer is refused before it is asked', async () => {
    const { json, asked } = open({ maxBodySize: 20_000_000 })
    const { body } = await json('POST', '/conversations', {})
    const id = String(body['id'])
    const items = [{ role: 'user', content: 'x'.repeat(18_000_000) }]
    expect(await json('POST', `/conversations/${id}/items`, { items })).toMatchObject({
      status: 200,
    })
    for (const path of ['/responses', `/conversations/${id}/items`]) {
      const more = path === '/responses' ? { input: items, conversation: id } : { items }
      expect(await json('POST', path, more)).toMatchObject({
        status: 400,
        body: {
          error: { param: 'conversation', message: expect.stringMatching(/30 MB/) as string },
        },
      })
    }
    expect(asked).toEqual([])
  })

  test('an object of one key does not exist for another', async () => {
    const { json } = open({
      ask: () => Promise.resolve(source([...REPLY.slice(0, 2), never]).events),
    })
    const background = await json('POST', '/responses', { input: 'One.', background: true })
    const conversation = await json('POST', '/conversations', { items: [] })
    const response = `/responses/${String(background.body['id'])}`
    const talk = `/conversations/${String(conversation.body['id'])}`
    const attempts: [string, string, object?][] = [
      ['GET', response],
      ['GET', `${response}?stream=true`],
      ['GET', `${response}/input_items`],
      ['POST', `${response}/cancel`],
      ['DELETE', response],
      ['GET', talk],
      ['POST', talk, { metadata: {} }],
      ['GET', `${talk}/items`],
      ['POST', `${talk}/items`, { items: [] }],
      ['GET', `${talk}/items/a`],
      ['DELETE', `${talk}/items/a`],
      ['DELETE', talk],
      ['POST', '/responses', { input: 'Two.', conversation: conversation.body['id'] }],
    ]
    for (const [method, path, body] of attempts) {
      expect((await json(method, path, body, TWO)).status, `${method} ${path}`).toBe(404)
    }
    const next = { input: 'Two.', previous_response_id: background.body['id'] }
    expect((await json('POST', '/responses', next, TWO)).status).toBe(400)
    expect((await json('GET', talk)).status).toBe(200)
    expect((await json('POST', `${response}/cancel`)).status).toBe(200)
  })
}
