import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy, type ProxyOptions } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { HAS_BROWSER, startBrowser } from '../../support/browser.ts'
import { textMessage } from '../../support/messages.ts'
import { planHeaders } from '../../support/plan-headers.ts'
import { makeSandbox, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { HELLO, type Received, send } from './send.ts'

const APP = 'https://app.example'

let standin: Standin
let sandbox: Sandbox
const proxies: Proxy[] = []

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
})

beforeEach(() => standin.reset())

afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()))
  await standin.close()
  sandbox.remove()
})

async function start(options: ProxyOptions): Promise<number> {
  const proxy = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    host: '127.0.0.1',
    port: 0,
    ...options,
  })
  proxies.push(proxy)
  return (await proxy.listen()).port
}

function preflight(port: number, origin: string): Promise<Received> {
  return send(port, {
    method: 'OPTIONS',
    path: '/v1/messages',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'anthropic-version,content-type,x-api-key',
    },
  })
}

function corsHeaders({ headers }: Received): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}

describe('on a loopback address without a key', () => {
  let port: number

  beforeAll(async () => {
    port = await start({})
  })

  test.each([
    ['localhost', 'localhost'],
    ['localhost with a port', 'localhost:42069'],
    ['localhost in capitals', 'LOCALHOST:1'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1 with a port', '127.0.0.1:65535'],
    ['another loopback address', '127.8.9.10:80'],
    ['[::1]', '[::1]'],
    ['[::1] with a port', '[::1]:42069'],
  ])('a client that calls it %s is served', async (_name, host) => {
    expect(await send(port, { headers: { host } })).toMatchObject({ status: 404 })
  })

  test.each([
    'evil.example',
    'evil.example:42069',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.10:42069',
    '0.0.0.0:42069',
    '[::2]:42069',
  ])('a request for the host %j gets a 403', async (host) => {
    await expectRefused({ host })
  })

  test.each(['localhost@evil.example', '[::1].evil.example'])(
    'a request for the invalid host %j is refused',
    async (host) => {
      expect(await send(port, { headers: { host }, body: HELLO })).toMatchObject({ status: 400 })
      expect(standin.requests).toEqual([])
    },
  )

  test.each([
    ['another site', APP],
    ['another port of this machine', 'http://localhost:1'],
    ['a file or a sandboxed frame', 'null'],
    ['a name that begins alike', 'http://localhost.evil.example'],
    ['a browser extension', 'chrome-extension://abcdefghijklmnop'],
  ])('a page of %s gets a 403', async (_name, origin) => {
    await expectRefused({ host: `localhost:${port}`, origin })
  })

  test("a page of the proxy's own address is served", async () => {
    const headers = { host: `localhost:${port}`, origin: `http://localhost:${port}` }
    expect(await send(port, { headers })).toMatchObject({ status: 404 })
    expect(await send(port, { headers, body: HELLO })).toMatchObject({ status: 200 })
  })

  test('/auth/status is closed to pages as well, and /health is open', async () => {
    const headers = { origin: APP }
    expect(await send(port, { path: '/auth/status', headers })).toMatchObject({ status: 403 })
    expect(await send(port, { path: '/health', headers })).toMatchObject({ status: 200 })
  })

  test('a page gets no permission to call', async () => {
    const asked = await preflight(port, APP)
    expect(asked.status).toBeGreaterThanOrEqual(400)
    const headers = { origin: `http://localhost:${port}`, host: `localhost:${port}` }
    const answers = [
      asked,
      await send(port, { path: '/health', headers }),
      await send(port, { body: HELLO, headers }),
    ]
    expect(answers.flatMap(corsHeaders)).toEqual([])
  })

  test('a program without a Host header is served, in memory', async () => {
    const [proxy] = proxies
    const response = await proxy?.fetch('http://localhost/no/such/route')
    expect(response?.status).toBe(404)
  })

  async function expectRefused(headers: Record<string, string>): Promise<void> {
    const { status, text } = await send(port, { headers, body: HELLO })
    expect(status).toBe(403)
    expect(JSON.parse(text)).toMatchObject({
      type: 'error',
      error: { type: 'permission_error', message: expect.any(String) },
    })
    expect(standin.requests).toEqual([])
  }
})

describe('with cors_origins', () => {
  let port: number

  beforeAll(async () => {
    port = await start({ corsOrigins: [APP, 'http://localhost:5173'] })
  })

  test.each([APP, 'http://localhost:5173'])('a page of %s may call', async (origin) => {
    const asked = await preflight(port, origin)
    expect(asked).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': expect.stringContaining('POST'),
        'access-control-allow-headers': expect.stringMatching(
          /^(?=.*\banthropic-version\b)(?=.*\bcontent-type\b)(?=.*\bx-api-key\b)/i,
        ),
      },
    })

    for (const stream of [false, true]) {
      const answer = await send(port, { headers: { origin }, body: { ...HELLO, stream } })
      expect(answer.status).toBe(200)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
      expect(answer.headers['access-control-expose-headers']).toBe('*')
      expect(answer.headers['vary']).toMatch(/\borigin\b/i)
    }
  })

  test.skipIf(!HAS_BROWSER)(
    'a real browser may read the ids and the state of the plan',
    async () => {
      const browser = await startBrowser()
      const plan = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
      const proxy = await createProxy({
        env: plan.env,
        maxProcesses: 1,
        host: '127.0.0.1',
        port: 0,
        corsOrigins: [standin.url],
      })
      try {
        const { url } = await proxy.listen()
        standin.answer = () => message(textMessage('Hello.'), planHeaders({ status: 'allowed' }))
        const page = await browser.context.newPage()
        await page.goto(`${standin.url}/a-page-of-another-origin`)
        const ask = `fetch(${JSON.stringify(`${url}/v1/messages`)}, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': 'unused' },
        body: ${JSON.stringify(JSON.stringify(HELLO))},
      }).then(async (reply) => {
        await reply.text()
        return Object.fromEntries(reply.headers)
      })`
        await page.evaluate(ask)
        expect(await page.evaluate(ask)).toMatchObject({
          'request-id': expect.stringMatching(/^req_/),
          'anthropic-ratelimit-unified-5h-utilization': '0.42',
        })
      } finally {
        await browser.close()
        await proxy.close()
        plan.remove()
      }
    },
  )

  test('a page of an allowed origin may read an error', async () => {
    const answer = await send(port, { headers: { origin: APP }, body: { messages: 1 } })
    expect(answer.status).toBe(400)
    expect(answer.headers['access-control-allow-origin']).toBe(APP)
  })

  test('a page of another origin may not call', async () => {
    const origin = 'https://other.example'
    const asked = await preflight(port, origin)
    expect(asked.headers['access-control-allow-origin']).toBeUndefined()

    const answer = await send(port, { headers: { origin }, body: HELLO })
    expect(answer.status).toBe(403)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(standin.requests).toEqual([])
  })

  test('a host that is not this machine is refused, also for an allowed origin', async () => {
    const headers = { origin: APP, host: 'evil.example' }
    expect(await send(port, { headers, body: HELLO })).toMatchObject({ status: 403 })
  })
})

describe('with apps in cors_origins, and allowed_hosts', () => {
  let port: number

  beforeAll(async () => {
    port = await start({
      corsOrigins: ['vscode', 'obsidian', 'https://*.app.example'],
      allowedHosts: ['host.docker.internal'],
    })
  })

  test.each(['vscode-webview://1k5a9q0', 'app://obsidian.md', 'https://a.b.app.example'])(
    'a page of %s may call',
    async (origin) => {
      const asked = await preflight(port, origin)
      expect(asked).toMatchObject({
        status: 204,
        headers: { 'access-control-allow-origin': origin, vary: expect.stringMatching(/origin/i) },
      })
      const answer = await send(port, { headers: { origin }, body: HELLO })
      expect(answer.status).toBe(200)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
    },
  )

  test.each(['https://app.example', 'app://other', 'null', 'https://vscode'])(
    'a page of %s may not',
    async (origin) => {
      const asked = await preflight(port, origin)
      expect(asked.headers['access-control-allow-origin']).toBeUndefined()
      const answer = await send(port, { headers: { origin }, body: HELLO })
      expect(answer.status).toBe(403)
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      expect(standin.requests).toEqual([])
    },
  )

  test('a container may call the host by its allowed name, and by no other', async () => {
    const named = { host: `host.docker.internal:${port}` }
    expect(await send(port, { headers: named, body: HELLO })).toMatchObject({ status: 200 })
    const other = await send(port, { headers: { host: 'evil.example' }, body: HELLO })
    expect(other.status).toBe(403)
    expect(other.text).toContain('allowed_hosts = host.docker.internal, evil.example')
  })

  test('a page that calls the host by its allowed name is refused', async () => {
    const headers = { host: `host.docker.internal:${port}`, origin: 'https://evil.example' }
    expect(await send(port, { headers, body: HELLO })).toMatchObject({ status: 403 })
  })
})

test('cors_origins of * allows every page', async () => {
  const port = await start({ corsOrigins: ['*'] })
  const origin = 'https://any.example'
  const asked = await preflight(port, origin)
  expect(asked.headers['access-control-allow-origin']).toBe('*')
  const answer = await send(port, { headers: { origin }, body: HELLO })
  expect(answer.status).toBe(200)
  expect(answer.headers['access-control-allow-origin']).toBe('*')
})

test('open to the network without a key, the server answers under any name', async () => {
  const port = await start({ host: '0.0.0.0', dangerouslyOpenToAll: true })
  const headers = { host: 'proxy.example:42069' }
  expect(await send(port, { headers, body: HELLO })).toMatchObject({ status: 200 })
})
