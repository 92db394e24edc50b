import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

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

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy | undefined

beforeAll(async () => {
  standin = await startStandin()
})

afterEach(async () => {
  await proxy?.close()
  sandbox.remove()
})

afterAll(() => standin.close())

/** What a server in a new sandbox answers to a GET. */
async function get(
  path: string,
  login: EnvironmentOverrides = {},
  prepare: (sandbox: Sandbox) => void = () => {},
): Promise<Record<string, unknown>> {
  sandbox = makeSandbox(standin.url, { ...NOTHING_OUTSIDE, ...login })
  prepare(sandbox)
  proxy = await createProxy({ env: sandbox.env, host: '127.0.0.1', port: 0 })
  const response = await proxy.fetch(`http://localhost${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

test('/health says that it lives, its version and its uptime in seconds', async () => {
  const health = await get('/health')
  expect(health).toEqual({ status: 'ok', version: VERSION, uptime_seconds: expect.any(Number) })
  expect(Number.isInteger(health['uptime_seconds'])).toBe(true)
  expect(health['uptime_seconds']).toBeGreaterThanOrEqual(0)
  expect(health['uptime_seconds']).toBeLessThan(60)
})

describe('/auth/status tells', () => {
  test('an API key', async () => {
    expect(await get('/auth/status')).toMatchObject({
      authenticated: true,
      source: 'api_key',
      provider: 'firstParty',
    })
  })

  test('a token', async () => {
    const status = await get('/auth/status', SUBSCRIPTION_LOGIN)
    expect(status).toMatchObject({ authenticated: true, source: 'oauth_token' })
    expect(JSON.stringify(status)).not.toContain('sk-ant-')
  })

  test('a stored login, with its plan', async () => {
    const status = await get('/auth/status', NO_LOGIN, ({ env }) => storeLogin(env))
    expect(status).toMatchObject({ authenticated: true, source: 'claude.ai', plan: 'max' })
    expect(JSON.stringify(status)).not.toContain('sk-ant-')
  })

  test('that nobody is logged in', async () => {
    const status = await get('/auth/status', NO_LOGIN)
    expect(status).toMatchObject({ authenticated: false, source: 'none' })
    expect(status).not.toHaveProperty('expires_at')
  })

  test('another provider', async () => {
    const status = await get('/auth/status', {
      ...NO_LOGIN,
      ANTHROPIC_BASE_URL: undefined,
      ANTHROPIC_BEDROCK_BASE_URL: standin.url,
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_REGION: 'us-east-1',
      AWS_BEARER_TOKEN_BEDROCK: 'made-up-for-tests',
    })
    expect(status).toMatchObject({ authenticated: true, provider: 'bedrock' })
    expect(JSON.stringify(status)).not.toContain('made-up-for-tests')
  })

  test('who is logged in now, not at start', async () => {
    expect(await get('/auth/status', NO_LOGIN)).toMatchObject({ authenticated: false })
    storeLogin(sandbox.env)
    const response = await proxy?.fetch('http://localhost/auth/status')
    expect(await response?.json()).toMatchObject({ authenticated: true, source: 'claude.ai' })
  })

  test('nothing more than that', async () => {
    const status = await get('/auth/status', NO_LOGIN, ({ env }) => storeLogin(env))
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
    expect(Object.keys(status).filter((name) => !known.includes(name))).toEqual([])
  })
})
