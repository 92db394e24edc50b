import { rmSync } from 'node:fs'

import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { error, message } from '../../support/answers.ts'
import { textMessage } from '../../support/messages.ts'
import { planHeaders } from '../../support/plan-headers.ts'
import { makeSandbox, NO_LOGIN, NOTHING_OUTSIDE, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { loginPath, storeLogin } from '../../support/stored-login.ts'

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let client: Anthropic

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url, { ...NO_LOGIN, ...NOTHING_OUTSIDE })
  storeLogin(sandbox.env)
  proxy = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    modelAliases: [
      { name: 'gpt-4o', model: 'opus' },
      { name: 'gpt-4*', model: 'haiku' },
    ],
  })
  client = new Anthropic({ fetch: proxy.fetch, apiKey: 'not needed', maxRetries: 0 })
})

beforeEach(() => standin.reset())

afterAll(async () => {
  await proxy.close()
  await standin.close()
  sandbox.remove()
})

async function ids(): Promise<string[]> {
  const found = []
  for await (const { id } of client.models.list()) found.push(id)
  return found
}

describe('the official client', () => {
  test('lists the models of the login, and their aliases', async () => {
    const { data } = await client.models.list()
    const named = data.map(({ id }) => id)
    expect(named).toEqual(expect.arrayContaining(['default', 'opus', 'sonnet', 'haiku']))
    expect(named.filter((id) => id.startsWith('claude-')).length).toBeGreaterThanOrEqual(3)
    expect(new Set(named).size).toBe(named.length)
    for (const model of data) {
      expect(model).toMatchObject({ type: 'model', display_name: expect.stringMatching(/\w/) })
      expect(Date.parse(model.created_at)).not.toBeNaN()
    }
    expect(standin.requests).toHaveLength(0)
  })

  test.each([
    ['gpt-4o', 'opus'],
    ['gpt-4.1-mini', 'haiku'],
    ['anthropic/claude-3.5-haiku', 'haiku'],
    ['claude-opus-latest', 'opus'],
  ])('sends a request for %s to the model of %s', async (name, short) => {
    standin.reply(message(textMessage('Hello.')))
    const messages = [{ role: 'user' as const, content: `Hello, ${name}.` }]
    await client.messages.create({ model: name, max_tokens: 10, messages })
    standin.reply(message(textMessage('Hello.')))
    await client.messages.create({ model: short, max_tokens: 10, messages })
    const asked = standin.messages.map(({ body }) => body.model)
    expect(asked).toHaveLength(2)
    expect(asked[0]).toBe(asked[1])
    expect(asked[0]).toMatch(new RegExp(`^claude-${short}-`))
  })

  test('finds an alias in the list, with the limits of its model', async () => {
    expect(await ids()).toContain('gpt-4o')
    expect(await ids()).not.toContain('gpt-4*')
    const { max_input_tokens: limit } = await client.models.retrieve('gpt-4o')
    expect(limit).toBeGreaterThanOrEqual(200_000)
  })

  test('reads the capabilities that the runtime reports, and no others', async () => {
    const [alias, sonnet] = await Promise.all(
      ['gpt-4o', 'claude-sonnet-4-6'].map((id) => client.models.retrieve(id)),
    )
    const [yes, no] = [{ supported: true }, { supported: false }]
    expect(alias?.capabilities?.effort).toMatchObject({ ...yes, xhigh: yes })
    expect(sonnet?.capabilities).toEqual({
      effort: { ...yes, low: yes, medium: yes, high: yes, xhigh: no, max: yes },
      thinking: { ...yes, types: { adaptive: yes, disabled: yes } },
    })
  })

  test('reads all pages', async () => {
    const all = await ids()
    const paged = []
    for await (const { id } of client.models.list({ limit: 2 })) paged.push(id)
    expect(paged).toEqual(all)
  })

  test('reads one model', async () => {
    const [first = ''] = await ids()
    expect(await client.models.retrieve(first)).toMatchObject({ type: 'model', id: first })
    await expect(client.models.retrieve('gpt-1')).rejects.toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error', message: 'model: gpt-1' } },
    })
  })
})

test("OpenAI's client reads the same list", async () => {
  const response = await proxy.fetch('http://localhost/v1/models')
  expect(response.headers.get('request-id')).toMatch(/^req_/)
  expect(await response.json()).toMatchObject({
    object: 'list',
    data: expect.arrayContaining([
      expect.objectContaining({ object: 'model', created: 0, owned_by: 'anthropic' }),
    ]),
  })
})

test('an alias reaches the model that it stands for, and the reply names the model that answered', async () => {
  standin.reply(message(textMessage('Hi.', { model: 'the-one-that-answered' })))
  const reply = await client.messages.create({
    model: 'sonnet',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello?' }],
  })
  expect(await ids()).toContain(standin.messages[0]?.body.model)
  expect(standin.messages[0]?.body.model).toMatch(/^claude-sonnet-/)
  expect(reply.model).toBe('the-one-that-answered')
})

test("an unknown model is requested, and gets the API's own error", async () => {
  standin.answer = () => error(404, 'not_found_error', 'model: claude-unknown-9')
  const asked = client.messages.create({
    model: 'claude-unknown-9',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello?' }],
  })
  await expect(asked).rejects.toMatchObject({
    status: 404,
    error: { error: { type: 'not_found_error', message: 'model: claude-unknown-9' } },
  })
  expect(standin.messages[0]?.body.model).toBe('claude-unknown-9')
})

test('another login brings its own models, and its own plan', async () => {
  await ids()
  standin.reply(message(textMessage('Hi.'), planHeaders()))
  await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'Hello?' }],
  })
  await expect.poll(plan).toMatchObject({ windows: [{}, {}] })
  // The default model of a max plan differs from that of a login with an unknown plan.
  const first = await modelOfDefault()
  rmSync(loginPath(sandbox.env))
  storeLogin(sandbox.env, { subscriptionType: undefined })
  // A request for the login also makes the proxy notice the change.
  expect(await proxy.account()).not.toHaveProperty('plan')
  expect(await plan()).toBeNull()
  await ids()
  expect(await modelOfDefault()).not.toBe(first)
})

/** The windows of the plan, as `/v1/usage` has them. */
async function plan(): Promise<unknown> {
  const response = await proxy.fetch('http://localhost/v1/usage')
  return ((await response.json()) as { plan?: unknown }).plan ?? null
}

/** The model behind `default`, as it is requested upstream. */
async function modelOfDefault(): Promise<string | undefined> {
  const reply = await client.messages.countTokens({
    model: 'default',
    messages: [{ role: 'user', content: 'Hello?' }],
  })
  expect(reply.input_tokens).toBeGreaterThan(0)
  const [counted] = standin.requests.slice(-1)
  return (counted?.body as { model: string } | undefined)?.model
}
