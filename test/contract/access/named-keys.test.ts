import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { hashOf } from '../../../src/config/keys/client-key.ts'
import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { textMessage, usage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

/*
 * Named keys over the real runtime: limits in both dialects, usage, metrics and the page by name, and
 * the batches of a key.
 */

const PER_TURN = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 5000,
  cache_creation_input_tokens: 0,
}

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let file: string

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  file = join(sandbox.folder, 'keys')
  keep(ANN, BOB, CARL)
  proxy = await start()
})

beforeEach(() => {
  standin.reset()
  standin.answer = () => message(textMessage('Hi', { usage: usage(PER_TURN) }))
})

afterAll(async () => {
  await proxy.close()
  await standin.close()
  sandbox.remove()
})

const ANN = `ann = ${hashOf('made-up-ann')} requests_per_minute=2`
const CARL = 'carl = made-up-carl requests_per_minute=2'
const BOB = 'bob = made-up-bob tokens_per_day=300 models=claude-sonnet-*'

function keep(...lines: string[]): void {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
}

function start(): Promise<Proxy> {
  return createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    keys: file,
    stateFolder: join(sandbox.folder, 'state'),
  })
}

function send(key: string, path: string, body?: object): Promise<Response> {
  return proxy.fetch(`http://localhost${path}`, {
    headers: { 'x-api-key': key },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  })
}

function asking(text: string, model = 'claude-sonnet-4-6') {
  return { model, max_tokens: 50, messages: [{ role: 'user', content: text }] }
}

const ask = (key: string, text: string, model?: string): Promise<Response> =>
  send(key, '/v1/messages', asking(text, model))

async function json(key: string, path: string): Promise<Record<string, unknown>> {
  return (await (await send(key, path)).json()) as Record<string, unknown>
}

test('a key over its requests per minute gets a 429 in each dialect, and other keys are served', async () => {
  for (const text of ['one', 'two']) expect((await ask('made-up-ann', text)).status).toBe(200)
  const refused = await ask('made-up-ann', 'three')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({
    type: 'error',
    error: {
      type: 'rate_limit_error',
      message: "This request would exceed the limit of the key 'ann': 2 requests per minute.",
    },
  })
  const chat = await send('made-up-ann', '/v1/chat/completions', asking('four'))
  expect(chat.status).toBe(429)
  expect(chat.headers.get('retry-after')).not.toBeNull()
  expect(await chat.json()).toMatchObject({
    error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  })
  const response = await send('made-up-ann', '/v1/responses', { model: 'haiku', input: 'five' })
  expect(response.status).toBe(429)
  expect((await ask('made-up-bob', 'six')).status).toBe(200)
  expect(standin.messages).toHaveLength(3)
})

test('a key without a right to a model gets a 403, and does not see the model', async () => {
  const refused = await ask('made-up-bob', 'Hi', 'claude-haiku-4-5')
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ error: { type: 'permission_error' } })
  expect(standin.messages).toEqual([])
  const [all, bobs] = [await modelsSeenBy('made-up-ann'), await modelsSeenBy('made-up-bob')]
  expect(all).toEqual(expect.arrayContaining(bobs))
  expect(bobs.length).toBeLessThan(all.length)
  expect(bobs).toContain('sonnet')
  expect(bobs).not.toContain('haiku')
})

async function modelsSeenBy(key: string): Promise<string[]> {
  const { data } = (await json(key, '/v1/models')) as { data: { id: string }[] }
  return data.map(({ id }) => id)
}

test('usage, metrics and the last turns are shown by the name of the key', async () => {
  const { days } = (await json('made-up-ann', '/v1/usage')) as { days: { by_key: object }[] }
  expect(days.at(-1)?.by_key).toEqual({
    ann: expect.objectContaining({ requests: 5, errors: 3, input_tokens: 200 }),
    bob: expect.objectContaining({ requests: 2, errors: 1, output_tokens: 20 }),
  })
  const metrics = await (await send('made-up-bob', '/metrics')).text()
  expect(metrics).toMatch(/^claude_proxy_turns_total\{[^}]*outcome="whole",key="ann"\} 2$/m)
  expect(metrics).toMatch(/^claude_proxy_tokens_total\{[^}]*type="input",key="bob"\} 100$/m)
  const stream = await send('made-up-bob', '/v1/usage/stream')
  const reader = stream.body?.getReader()
  const text = new TextDecoder().decode((await reader?.read())?.value)
  await reader?.cancel()
  const { turns } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as {
    turns: { key: string; error_message: string | null }[]
  }
  expect(new Set(turns.map(({ key }) => key))).toEqual(new Set(['ann', 'bob']))
  const told = turns.filter((turn) => turn.error_message !== null)
  expect(told.map(({ key }) => key)).toEqual(['bob'])
})

test('token counts have a limit of their own, and respect the models of the key', async () => {
  const count = (key: string, model?: string) =>
    send(key, '/v1/messages/count_tokens', asking('Hi', model))
  const carl = [0, 1, 2].map(() => count('made-up-carl'))
  const statuses = (await Promise.all(carl)).map(({ status }) => status)
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429])
  const refused = await send('made-up-carl', '/v1/responses/input_tokens', { input: 'Hi' })
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  // They are no turns.
  expect((await ask('made-up-carl', 'Hi')).status).toBe(200)
  expect((await count('made-up-bob', 'claude-haiku-4-5')).status).toBe(403)
})

describe('the tokens per day', () => {
  test('include input and output, and stay used up after a restart', async () => {
    for (const text of ['seven', 'eight']) {
      expect((await ask('made-up-bob', text)).status).toBe(200)
    }
    const refused = await ask('made-up-bob', 'nine')
    expect(refused.status).toBe(429)
    expect(((await refused.json()) as { error: { message: string } }).error.message).toBe(
      "This request would exceed the limit of the key 'bob': 300 tokens per day (360 are used).",
    )
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(25 * 3600)
    await proxy.close()
    proxy = await start()
    expect((await ask('made-up-bob', 'ten')).status).toBe(429)
    expect((await ask('made-up-ann', 'eleven')).status).toBe(200)
  })

  test('keep a batch of the key waiting, and no other batch, until the file allows more', async () => {
    const [bobs, anns] = await Promise.all(
      ['made-up-bob', 'made-up-ann'].map((key) => batchOf(key)),
    )
    await expect.poll(() => statusOf('made-up-ann', anns), POLL).toBe('ended')
    await expect.poll(() => waitsFor(bobs), POLL).toBe('key limit')
    keep(ANN, BOB.replace('300', '3000').replace('made-up-bob', 'made-up-bob-2'))
    // Another key of the same name can use the data of the first one.
    await expect.poll(() => statusOf('made-up-bob-2', bobs), POLL).toBe('ended')
    expect((await send('made-up-bob', '/v1/models')).status).toBe(401)
  })
})

test('a batch whose key was removed waits for a key of that name', async () => {
  keep(ANN, BOB.replace('300', '3000'))
  await expect.poll(async () => (await ask('made-up-bob', 'Hi')).status, POLL).toBe(200)
  keep(ANN)
  await expect.poll(async () => (await ask('made-up-bob', 'Hi')).status, POLL).toBe(401)
  keep(ANN, BOB.replace('300', '1'))
  await expect.poll(async () => (await ask('made-up-bob', 'Hi')).status, POLL).toBe(429)
  const batch = await batchOf('made-up-bob')
  keep(ANN)
  await expect.poll(() => waitsFor(batch), POLL).toBe('key')
  const before = standin.messages.length
  keep(ANN, BOB.replace('300', '3000'))
  await expect.poll(() => statusOf('made-up-bob', batch), POLL).toBe('ended')
  expect(standin.messages.length).toBe(before + 1)
})

const POLL = { interval: 100 }

async function batchOf(key: string): Promise<string> {
  const params = asking('in a batch')
  const body = { requests: [{ custom_id: 'one', params }] }
  const response = await send(key, '/v1/messages/batches', body)
  return ((await response.json()) as { id: string }).id
}

async function statusOf(key: string, id = ''): Promise<unknown> {
  return (await json(key, `/v1/messages/batches/${id}`))['processing_status']
}

/** The reason for which a batch waits, as the page shows it. */
async function waitsFor(id = ''): Promise<unknown> {
  const stream = await send('made-up-ann', '/v1/usage/stream')
  const reader = stream.body?.getReader()
  const text = new TextDecoder().decode((await reader?.read())?.value)
  await reader?.cancel()
  const { batches } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as {
    batches: { id: string; waits_for: { reason: string } | null }[]
  }
  return batches.find((batch) => batch.id === id)?.waits_for?.reason
}
