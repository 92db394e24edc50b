import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ringOf, ringOfLines } from '../../test/support/key-rings.ts'
import { keptOptions } from '../../test/support/kept.ts'
import { Files } from '../files/files.ts'
import { LazyStore } from '../store/lazy-store.ts'
import { type AppOptions, createApp } from './app.ts'
import { until } from '../../test/support/until.ts'

const PATH = 'http://localhost/v1/messages/batches'

let kept: ReturnType<typeof keptOptions>

beforeEach(() => {
  kept = keptOptions()
})

afterEach(() => kept.close())

function appWith(options: Partial<AppOptions> = {}) {
  const app = createApp({ ...kept.options, ...options })
  return async (path: string, init: RequestInit = {}) => {
    const response = await app.request(`${PATH}${path}`, init)
    return { response, body: (await response.clone().json()) as Record<string, unknown> }
  }
}

const BATCH = JSON.stringify({
  requests: [{ custom_id: 'a', params: { messages: [{ role: 'user', content: 'Hello' }] } }],
})

test('the results are at the address in the batch, behind TLS too', async () => {
  const ask = appWith()
  const { body } = await ask('', { method: 'POST', body: BATCH })
  const get = (headers = {}) => ask(`/${String(body['id'])}`, { headers })
  await until(async () => (await get()).body['processing_status'] === 'ended')
  const url = (await get()).body['results_url']
  expect(url).toBe(`${PATH}/${String(body['id'])}/results`)
  const behind = (await get({ 'x-forwarded-proto': 'https' })).body['results_url']
  expect(behind).toBe(String(url).replace('http:', 'https:'))
  const { response } = await ask(`/${String(body['id'])}/results`)
  expect(response.headers.get('content-type')).toBe('application/x-jsonl')
})

test('there are no results before the end', async () => {
  const ask = appWith()
  kept.room.isFree = false
  const { body } = await ask('', { method: 'POST', body: BATCH })
  const { response, body: refused } = await ask(`/${String(body['id'])}/results`)
  expect(response.status).toBe(400)
  expect(refused).toMatchObject({
    error: { message: expect.stringMatching(/not ended/) as string },
  })
})

test('without a folder nothing is stored, and the error names the missing option', async () => {
  const store = new LazyStore({ stateFolder: undefined }, { onOpen: () => {}, onError: () => {} })
  const files = new Files(store, { limit: 1, maxBodySize: 1, onError: () => {} })
  const app = createApp({ ...kept.options, files })
  const response = await app.request('/v1/files')
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('state_folder')
})

const as = (key: string) => ({ headers: { 'x-api-key': key } })

describe('with keys', () => {
  test('a batch is visible only to clients with its key', async () => {
    const ask = appWith({ keyRing: ringOf('made-up-ann', 'made-up-bob') })
    const { body } = await ask('', { method: 'POST', body: BATCH, ...as('made-up-ann') })
    const path = `/${String(body['id'])}`
    expect((await ask(path, as('made-up-ann'))).response.status).toBe(200)
    const bearer = { headers: { authorization: 'Bearer made-up-ann' } }
    expect((await ask(path, bearer)).response.status).toBe(200)
    expect((await ask(path, as('made-up-bob'))).response.status).toBe(404)
    expect((await ask(`${path}/results`, as('made-up-bob'))).response.status).toBe(404)
    expect((await ask('', as('made-up-bob'))).body['data']).toEqual([])
    for (const method of ['cancel', 'pause', 'resume']) {
      const { response } = await ask(`${path}/${method}`, { method: 'POST', ...as('made-up-bob') })
      expect(response.status).toBe(404)
    }
    const { response } = await ask(path, { method: 'DELETE', ...as('made-up-bob') })
    expect(response.status).toBe(404)
  })

  test('a batch of a named key is visible to all keys of that name', async () => {
    const lines = ['ann = made-up-ann', 'bob = made-up-bob']
    const ask = appWith({ keyRing: ringOfLines(...lines) })
    const { body } = await ask('', { method: 'POST', body: BATCH, ...as('made-up-ann') })
    const path = `/${String(body['id'])}`
    const later = appWith({ keyRing: ringOfLines('ann = made-up-new', 'bob = made-up-bob') })
    expect((await later(path, as('made-up-new'))).response.status).toBe(200)
    expect((await later(path, as('made-up-bob'))).response.status).toBe(404)
    expect((await later(path, as('made-up-ann'))).response.status).toBe(401)
  })
})
