import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Anthropic, { AuthenticationError } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error } from '../../support/answers.ts'
import { descendants } from '../../support/processes.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'
import { HELLO, send } from './send.ts'

const KEY = 'made-up-proxy-key-0123456789'

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let port: number
const log = recordTurns()

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  proxy = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    host: '127.0.0.1',
    port: 0,
    proxyApiKey: KEY,
    corsOrigins: ['https://app.example'],
    logger: log.logger,
  })
  port = (await proxy.listen()).port
})

beforeEach(() => standin.reset())

afterAll(async () => {
  await proxy.close()
  await standin.close()
  sandbox.remove()
})

describe('with a proxy key, a request is served', () => {
  test.each([
    ['as x-api-key', { 'x-api-key': KEY }],
    ['as a bearer token', { authorization: `Bearer ${KEY}` }],
    ['as a bearer token, in any case', { authorization: `bearer  ${KEY}` }],
    ['under any host name', { 'x-api-key': KEY, host: 'proxy.example:8080' }],
  ])('that sends it %s', async (_name, headers) => {
    expect(await send(port, { headers, body: HELLO })).toMatchObject({ status: 200 })
    expect(standin.messages).toHaveLength(1)
  })

  test.each([
    ['apiKey', { apiKey: KEY }],
    ['authToken', { apiKey: null, authToken: KEY }],
  ])('by the official client with %s', async (_name, login) => {
    const client = new Anthropic({ ...login, baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 })
    const reply = await client.messages.create(HELLO as Anthropic.MessageCreateParamsNonStreaming)
    expect(reply.content).toMatchObject([{ type: 'text', text: 'Hello from the stand-in.' }])
  })

  test('and the key is not sent upstream', async () => {
    await send(port, { headers: { authorization: `Bearer ${KEY}` }, body: HELLO })
    expect(JSON.stringify([standin.messages[0]?.headers, standin.messages[0]?.body])).not.toContain(
      KEY,
    )
  })
})

describe('with a proxy key, a request gets 401', () => {
  const REFUSED: [string, Record<string, string>][] = [
    ['without a key', {}],
    ['with another key', { 'x-api-key': 'made-up-other-key' }],
    ['with the beginning of the key', { 'x-api-key': KEY.slice(0, -1) }],
    ['with more than the key', { 'x-api-key': `${KEY}0` }],
    ['with the key in another case', { 'x-api-key': KEY.toUpperCase() }],
    ['with another bearer token', { authorization: 'Bearer made-up-other-key' }],
    ['with an empty bearer token', { authorization: 'Bearer ' }],
    ['with the key without a scheme', { authorization: KEY }],
    ['with the key by another scheme', { authorization: `Basic ${KEY}` }],
  ]

  test.each(REFUSED)('%s', async (_name, headers) => {
    const { status, text, headers: answered } = await send(port, { headers, body: HELLO })
    expect(status).toBe(401)
    expect(JSON.parse(text)).toEqual({
      type: 'error',
      error: { type: 'authentication_error', message: expect.stringMatching(/key/) },
      request_id: answered['request-id'],
    })
    expect(text).not.toContain(KEY)
    expect(standin.requests).toEqual([])
  })

  test.each(['/auth/status', '/v1/models', '/no/such/route', '/page'])('for %s', async (path) => {
    expect(await send(port, { path })).toMatchObject({ status: 401 })
  })

  test('that the official client recognises', async () => {
    const client = new Anthropic({
      apiKey: 'made-up-other-key',
      baseURL: `http://127.0.0.1:${port}`,
      maxRetries: 0,
    })
    const asked = client.messages.create(HELLO as Anthropic.MessageCreateParamsNonStreaming)
    await expect(asked).rejects.toBeInstanceOf(AuthenticationError)
  })

  test('before its body is read', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await send(port, { method: 'POST', path: '/v1/messages', headers })
    expect(answer.status).toBe(401)
  })
})

test('a key in a file is replaced without a restart', async () => {
  const file = join(sandbox.folder, 'keys')
  writeFileSync(file, 'made-up-old')
  const other = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    host: '127.0.0.1',
    port: 0,
    keys: file,
    logger: log.logger,
  })
  const at = (await other.listen()).port
  const statusWith = async (key: string): Promise<number> =>
    (await send(at, { headers: { 'x-api-key': key } })).status
  expect(await statusWith('made-up-old')).toBe(404)
  expect(await statusWith('made-up-new')).toBe(401)

  writeFileSync(`${file}-next`, 'made-up-new\n')
  renameSync(`${file}-next`, file)
  await expect.poll(() => statusWith('made-up-new')).toBe(404)
  expect(await statusWith('made-up-old')).toBe(401)

  await other.close()
  expect(log.text()).not.toMatch(/made-up-(old|new)/)
})

test('/health needs no key', async () => {
  expect(await send(port, { path: '/health' })).toMatchObject({ status: 200 })
})

test('/auth/status is open to clients with the key', async () => {
  const headers = { 'x-api-key': KEY }
  expect(await send(port, { path: '/auth/status', headers })).toMatchObject({ status: 200 })
})

test('a page of an allowed origin makes a preflight without the key, and may read the refusal', async () => {
  const origin = 'https://app.example'
  const preflight = await send(port, {
    method: 'OPTIONS',
    path: '/v1/messages',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-api-key',
    },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers['access-control-allow-origin']).toBe(origin)

  const refused = await send(port, { headers: { origin }, body: HELLO })
  expect(refused.status).toBe(401)
  expect(refused.headers['access-control-allow-origin']).toBe(origin)
})

test('a key is never in the log, in an answer or on a command line', async () => {
  const wrong = 'made-up-wrong-key-987'
  standin.reply(error(400, 'invalid_request_error', 'made up'))
  const answers = [
    await send(port, { headers: { 'x-api-key': KEY }, body: HELLO }),
    await send(port, { headers: { 'x-api-key': KEY }, body: HELLO }),
    await send(port, { headers: { 'x-api-key': KEY }, body: { messages: 1 } }),
    await send(port, { headers: { 'x-api-key': wrong }, body: HELLO }),
    await send(port, { headers: { authorization: `Bearer ${wrong}` } }),
    await send(port, { headers: { authorization: `Bearer ${KEY}` }, path: '/auth/status' }),
  ]

  expect(answers.map(({ status }) => status)).toEqual([400, 200, 400, 401, 401, 200])
  expect(log.turns.length).toBeGreaterThan(0)
  const runtimes = descendants(process.pid)
  expect(runtimes).not.toHaveLength(0)
  const written = log.text() + JSON.stringify([answers, runtimes])
  for (const secret of [KEY, wrong, sandbox.env['ANTHROPIC_API_KEY'] ?? '']) {
    expect(written).not.toContain(secret)
  }
})
