import { describe, expect, test } from 'vitest'

import { type ConfigInput, resolveConfig } from '../config/resolve.ts'
import { VERSION } from '../version.ts'
import { type BannerFacts, renderLine, renderScreen } from './banner.ts'
import { colored, plain } from './style.ts'

const MACHINE = { cores: 2, freeMemoryBytes: 1e10, container: false }
const ACCOUNT = { authenticated: true, source: 'api_key', provider: 'firstParty' }

function render(
  config: ConfigInput = {},
  account: BannerFacts['account'] = ACCOUNT,
  url = 'http://localhost:42069',
): Line {
  const text = renderLine(facts(config, account, url), Date.parse('2026-11-23T12:00:00Z'))
  expect(text).toMatch(/^[^\n]+\n$/)
  return JSON.parse(text) as Line
}

type Line = Record<string, unknown> & { login: string; warnings: string[] }

function facts(
  config: ConfigInput = {},
  account: BannerFacts['account'] = ACCOUNT,
  url = 'http://localhost:42069',
): BannerFacts {
  const maxProcessesSource = config.maxProcesses === undefined ? 'default' : '--max-processes'
  return {
    url,
    account,
    config: resolveConfig(config, MACHINE),
    machine: MACHINE,
    sources: { host: 'default', maxProcesses: maxProcessesSource },
  }
}

test('in a pipe it is one log line with everything that a program needs to connect', () => {
  expect(render()).toEqual({
    level: 30,
    time: '2026-11-23T12:00:00.000Z',
    version: VERSION,
    url: 'http://localhost:42069',
    openaiUrl: 'http://localhost:42069/v1',
    login: 'API key',
    model: 'claude-sonnet-4-6',
    key: 'not required (only this machine can connect)',
    maxProcesses: 16,
    warnings: [],
    msg: 'serving',
  })
})

describe('the login', () => {
  test('of a subscription has its account and plan', () => {
    const account = {
      authenticated: true,
      source: 'claude.ai',
      provider: 'firstParty',
      email: 'user@example.com',
      plan: 'max',
    }
    expect(render({}, account).login).toBe('claude.ai login, user@example.com, plan max')
  })

  test('by a token is described as a token', () => {
    const account = { authenticated: true, source: 'oauth_token', provider: 'firstParty' }
    expect(render({}, account).login).toBe('subscription token')
  })

  test('with another provider has the name of the provider', () => {
    const account = { authenticated: true, source: 'third_party', provider: 'bedrock' }
    expect(render({}, account).login).toBe('Amazon Bedrock')
  })

  test('that is missing is reported with the ways to log in', () => {
    const { login } = render({}, { authenticated: false, source: 'none' })
    for (const way of ['claude-sub-proxy login', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_API_KEY']) {
      expect(login).toContain(way)
    }
  })

  test('that is unknown is not reported as missing', () => {
    const account = { authenticated: false, source: 'unknown', problem: 'not within 15 s' }
    expect(render({}, account).login).toBe('not known yet (not within 15 s); the server asks again')
  })
})

test('a required key is mentioned but not shown', () => {
  const line = render({ proxyApiKey: 'made-up-key' })
  expect(line['key']).toBe('required (proxy_api_key)')
  expect(JSON.stringify(line)).not.toContain('made-up-key')
  expect(render({ keys: '/run/secrets/key' })['key']).toBe('required (/run/secrets/key)')
})

describe('a warning', () => {
  test('appears if everyone in the network is served, with the actual port', () => {
    const open = { host: '0.0.0.0', port: 0, dangerouslyOpenToAll: true }
    const { warnings } = render(open, ACCOUNT, 'http://localhost:40001')
    expect(warnings).toEqual([
      expect.stringMatching(/^OPEN TO THE NETWORK\b.*0\.0\.0\.0:40001\b.*proxy_api_key/),
    ])
  })

  test('does not appear if a key is required, or on loopback', () => {
    expect(render({ host: '0.0.0.0', proxyApiKey: 'made-up-key' }).warnings).toEqual([])
    expect(render({ host: '::1' }).warnings).toEqual([])
  })

  test('appears in a container that nothing outside can reach', () => {
    const container = { ...facts(), machine: { ...MACHINE, container: true } }
    expect(renderLine(container, 0)).toContain('listens only inside this container')
  })

  test("appears if Claude Code's own tools are on, with their folder", () => {
    const { warnings } = render({ toolsEnabled: true, toolsFolder: '/made/up' })
    expect(warnings).toEqual([expect.stringMatching(/^tools_enabled.*\/made\/up/)])
  })
})

describe('the number of processes', () => {
  test('is explained by the machine', () => {
    expect(renderScreen(facts(), plain, 200)).toContain('up to 16 processes: limited by 2 cores')
  })

  test('is the configured one', () => {
    expect(renderScreen(facts({ maxProcesses: 3 }), plain, 100)).toContain(
      'up to 3 processes: set by --max-processes',
    )
  })
})

describe('in a terminal', () => {
  test('a terminal of unknown width gets lines of 80 columns', () => {
    expect(renderScreen(facts(), plain, 0)).toBe(renderScreen(facts(), plain, 80))
  })

  test('on Windows the variables are written for PowerShell', () => {
    const screen = renderScreen(facts(), plain, 120, 'win32')
    expect(screen).toContain(
      "$env:ANTHROPIC_BASE_URL='http://localhost:42069'; $env:ANTHROPIC_API_KEY='unused'",
    )
    const posix = renderScreen(facts(), plain, 120, 'darwin')
    expect(posix).toContain('ANTHROPIC_BASE_URL=http://localhost:42069 ANTHROPIC_API_KEY=unused')
  })

  test('it has the same facts, and settings to copy for a client', () => {
    const screen = renderScreen(facts(), plain, 100)
    expect(screen).toContain('ANTHROPIC_BASE_URL=http://localhost:42069 ANTHROPIC_API_KEY=unused')
    expect(screen).toContain('OPENAI_BASE_URL=http://localhost:42069/v1 OPENAI_API_KEY=unused')
    expect(screen).toContain('limited by 2 cores')
    expect(screen).not.toContain('\u001B')
    expect(screen).not.toContain('Warning')
  })

  test('no line is wider than the terminal, and no key is shown', () => {
    const open = facts(
      { host: '0.0.0.0', dangerouslyOpenToAll: true },
      { authenticated: false, source: 'none' },
    )
    const lines = renderScreen(open, plain, 90).split('\n')
    expect(lines.filter((line) => line.length > 90)).toEqual([])
    expect(lines.join('\n')).toContain('OPEN TO THE NETWORK')
    const guarded = renderScreen(facts({ proxyApiKey: 'made-up-key' }), plain, 90)
    expect(guarded).toContain('ANTHROPIC_API_KEY=your-proxy-key')
    expect(guarded).not.toContain('made-up-key')
  })

  test('a missing login is red', () => {
    const screen = renderScreen(facts({}, { authenticated: false, source: 'none' }), colored, 100)
    expect(screen).toContain('\u001B[31mnone: run ')
  })
})
