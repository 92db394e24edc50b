import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { VERSION } from '../../../src/version.ts'
import {
  type EnvironmentOverrides,
  makeSandbox,
  NO_LOGIN,
  NOTHING_OUTSIDE,
  type Sandbox,
  SUBSCRIPTION_LOGIN,
} from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { storeLogin } from '../../support/stored-login.ts'

type Server = { proxy: Proxy; sandbox: Sandbox }

let standin: Standin
const servers: Server[] = []
let withKey: Server

beforeAll(async () => {
  standin = await startStandin()
  withKey = await start()
})

afterAll(async () => {
  await Promise.all(servers.map(({ proxy }) => proxy.close()))
  for (const { sandbox } of servers) sandbox.remove()
  await standin.close()
})

/** A server in a new sandbox. */
async function start(login: EnvironmentOverrides = {}): Promise<Server> {
  const sandbox = makeSandbox(standin.url, { ...NOTHING_OUTSIDE, ...login })
  const options = { env: sandbox.env, host: '127.0.0.1', port: 0, maxProcesses: 1 }
  const server = { proxy: await createProxy(options), sandbox }
  servers.push(server)
  return server
}

async function get(path: string, { proxy }: Server): Promise<Record<string, unknown>> {
  const response = await proxy.fetch(`http://localhost${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

test('/health has the status, the version and the uptime in seconds', async () => {
  const health = await get('/health', withKey)
  expect(health).toEqual({ status: 'ok', version: VERSION, uptime_seconds: expect.any(Number) })
  expect(Number.isInteger(health['uptime_seconds'])).toBe(true)
  expect(health['uptime_seconds']).toBeGreaterThanOrEqual(0)
  expect(health['uptime_seconds']).toBeLessThan(3600)
})

describe('/auth/status reports', () => {
  test('an API key', async () => {
    expect(await get('/auth/status', withKey)).toMatchObject({
      authenticated: true,
      source: 'api_key',
      provider: 'firstParty',
    })
  })

  test('a token', async () => {
    const status = await get('/auth/status', await start(SUBSCRIPTION_LOGIN))
    expect(status).toMatchObject({ authenticated: true, source: 'oauth_token' })
    expect(JSON.stringify(status)).not.toContain('sk-ant-')
  })

  test('that nobody is logged in, and then a stored login with its plan, and no other fields', async () => {
    const server = await start(NO_LOGIN)
    const status = await get('/auth/status', server)
    expect(status).toMatchObject({ authenticated: false, source: 'none' })
    expect(status).not.toHaveProperty('expires_at')

    storeLogin(server.sandbox.env)
    const later = await get('/auth/status', server)
    expect(later).toMatchObject({ authenticated: true, source: 'claude.ai', plan: 'max' })
    expect(JSON.stringify(later)).not.toContain('sk-ant-')
    const known = [
      'authenticated',
      'source',
      'expires_at',
      'provider',
      'email',
      'organization',
      'plan',
      'runtime_reminders',
    ]
    expect(Object.keys(later).filter((name) => !known.includes(name))).toEqual([])
  })
})
