import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { events, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

type One = { standin: Standin; sandbox: Sandbox; proxy: Proxy; url: string }

/** A proxy with an API, a home, a login, a key and a port of its own. */
async function startOne(name: string): Promise<One> {
  const standin = await startStandin()
  standin.answer = () => message(textMessage(`I am ${name}.`))
  const sandbox = makeSandbox(standin.url, { ANTHROPIC_API_KEY: `sk-ant-api03-made-up-${name}` })
  const proxy = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    host: '127.0.0.1',
    port: 0,
    proxyApiKey: keyOf(name),
    modelDefault: `claude-${name}-4-6`,
  })
  const { url } = await proxy.listen()
  return { standin, sandbox, proxy, url }
}

function keyOf(name: string): string {
  return `made-up-key-of-${name}`
}

/** Returns the proxy's answer to a key: the text, or the status. */
async function ask(url: string, key: string, history: Anthropic.MessageParam[] = []) {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
  const messages = [...history, { role: 'user' as const, content: 'Who are you?' }]
  try {
    const reply = await client.messages.create({ model: 'sonnet', max_tokens: 50, messages })
    return reply.content.map((block) => (block.type === 'text' ? block.text : block.type)).join('')
  } catch (error) {
    if (error instanceof APIError) return error.status
    throw error
  }
}

describe('two proxies in one process', () => {
  let sonnet: One
  let opus: One

  beforeAll(async () => {
    ;[sonnet, opus] = await Promise.all([startOne('sonnet'), startOne('opus')])
  })

  afterAll(async () => {
    for (const one of [sonnet, opus]) {
      await one?.proxy.close()
      await one?.standin.close()
      one?.sandbox.remove()
    }
  })

  test('call each its own API, with its own login', async () => {
    expect(
      await Promise.all([ask(sonnet.url, keyOf('sonnet')), ask(opus.url, keyOf('opus'))]),
    ).toEqual(['I am sonnet.', 'I am opus.'])
    for (const [name, { standin }] of Object.entries({ sonnet, opus })) {
      expect(standin.messages.map(({ headers }) => headers['x-api-key'])).toEqual([
        `sk-ant-api03-made-up-${name}`,
      ])
    }
  })

  test('have each its own key', async () => {
    expect(await ask(sonnet.url, keyOf('opus'))).toBe(401)
    expect(await ask(opus.url, keyOf('sonnet'))).toBe(401)
  })

  test('have each its own default model', async () => {
    for (const [name, { proxy, standin }] of Object.entries({ sonnet, opus })) {
      await proxy.fetch('http://localhost/v1/messages', {
        method: 'POST',
        headers: { 'x-api-key': keyOf(name) },
        body: JSON.stringify({ max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      expect(standin.messages.at(-1)?.body.model).toBe(`claude-${name}-4-6`)
    }
  })

  test('count each its own requests', async () => {
    const [before, other] = [await requests(sonnet, 'sonnet'), await requests(opus, 'opus')]
    await ask(sonnet.url, keyOf('sonnet'))
    expect(await requests(sonnet, 'sonnet')).toBe(before + 1)
    expect(await requests(opus, 'opus')).toBe(other)
  })

  test('do not share conversations', async () => {
    const history: Anthropic.MessageParam[] = [
      { role: 'user', content: 'Who are you?' },
      { role: 'assistant', content: 'I am sonnet.' },
    ]
    const asked = opus.standin.messages.length
    expect(await ask(opus.url, keyOf('opus'), history)).toBe('I am opus.')
    expect(opus.standin.messages).toHaveLength(asked + 1)
    expect(JSON.stringify(opus.standin.messages.at(-1)?.body)).toContain('I am sonnet.')
  })

  test('end independently, also while one of them answers', async () => {
    const gate = makeGate()
    opus.standin.reply(events([gate.pass, ...eventsOf(textMessage('Still here.'))]))
    const arrived = opus.standin.nextMessage()
    const asked = ask(opus.url, keyOf('opus'))
    await arrived
    await sonnet.proxy.close()
    gate.open()
    expect(await asked).toBe('Still here.')
    await expect(fetch(`${sonnet.url}/health`)).rejects.toThrow('fetch failed')
    expect(await ask(opus.url, keyOf('opus'))).toBe('I am opus.')
  })
})

async function requests({ url }: One, name: string): Promise<number> {
  const response = await fetch(`${url}/v1/usage`, { headers: { 'x-api-key': keyOf(name) } })
  const usage = (await response.json()) as {
    since_start: { requests: number }
  }
  return usage.since_start.requests
}
