import { describe, expect, test } from 'vitest'

import { type ConfigInput, resolveConfig } from '../config/resolve.ts'
import { VERSION } from '../version.ts'
import { type BannerFacts, renderBanner, renderScreen } from './banner.ts'
import { colored, plain } from './style.ts'

const MACHINE = { cores: 2, freeMemoryBytes: 1e10, container: false }
const ACCOUNT = { authenticated: true, source: 'api_key', provider: 'firstParty' }

function render(
  config: ConfigInput = {},
  account: BannerFacts['account'] = ACCOUNT,
  url = 'http://localhost:42069',
): string {
  return renderBanner(facts(config, account, url))
}

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
    maxProcessesSource,
  }
}

function rowOf(banner: string, name: string): string | undefined {
  return new RegExp(`^ {2}${name} +(.*)$`, 'm').exec(banner)?.[1]
}

test('it says what it is, where, as whom, and how to point a client at it', () => {
  const banner = render()
  expect(banner).toMatch(new RegExp(`^claude-sub-proxy ${VERSION}\n`))
  expect(rowOf(banner, 'address')).toBe('http://localhost:42069')
  expect(rowOf(banner, 'login')).toBe('API key')
  expect(rowOf(banner, 'model')).toMatch(/^claude-sonnet-4-6 /)
  expect(rowOf(banner, 'key')).toBe('none asked for')
  expect(rowOf(banner, 'client')).toBe('ANTHROPIC_BASE_URL=http://localhost:42069')
  expect(rowOf(banner, 'openai')).toBe('OPENAI_BASE_URL=http://localhost:42069/v1')
  expect(rowOf(banner, 'warning')).toBeUndefined()
  expect(banner.endsWith('\n')).toBe(true)
})

test('names that stand for models are told, if there are any', () => {
  expect(rowOf(render(), 'aliases')).toBeUndefined()
  const modelAliases = [
    { name: 'gpt-4o', model: 'opus' },
    { name: 'gpt-*', model: 'haiku' },
  ]
  expect(rowOf(render({ modelAliases }), 'aliases')).toBe('gpt-4o is opus, gpt-* is haiku')
  expect(renderScreen(facts({ modelAliases }), plain, 80)).toMatch(/^ {2}Aliases +gpt-4o is opus/m)
})

describe('the login', () => {
  test('of a subscription is told with its account and plan', () => {
    const account = {
      authenticated: true,
      source: 'claude.ai',
      provider: 'firstParty',
      email: 'user@example.com',
      plan: 'max',
    }
    expect(rowOf(render({}, account), 'login')).toBe('claude.ai login, user@example.com, plan max')
  })

  test('with another provider is told with its name', () => {
    const account = { authenticated: true, source: 'third_party', provider: 'bedrock' }
    expect(rowOf(render({}, account), 'login')).toBe('Amazon Bedrock')
  })

  test('that is missing is told with the ways to one', () => {
    const row = rowOf(render({}, { authenticated: false, source: 'none' }), 'login')
    for (const way of ['/login', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_API_KEY']) {
      expect(row).toContain(way)
    }
  })
})

test('a key is said to be asked for, and not shown', () => {
  const banner = render({ proxyApiKey: 'made-up-key' })
  expect(rowOf(banner, 'key')).toBe('proxy_api_key')
  expect(banner).not.toContain('made-up-key')
  expect(rowOf(render({ proxyApiKeyFile: '/run/secrets/key' }), 'key')).toBe('/run/secrets/key')
})

describe('a warning', () => {
  test('stands where everyone in the network is served, with the port that was had', () => {
    const banner = render(
      { host: '0.0.0.0', port: 0, dangerouslyOpenToAll: true },
      ACCOUNT,
      'http://localhost:40001',
    )
    expect(rowOf(banner, 'warning')).toMatch(/^OPEN TO THE NETWORK\b.*0\.0\.0\.0:40001\b/)
    expect(rowOf(banner, 'warning')).toContain('proxy_api_key')
  })

  test('does not stand where a key is asked for, or on loopback', () => {
    expect(render({ host: '0.0.0.0', proxyApiKey: 'made-up-key' })).not.toContain('warning')
    expect(render({ host: '::1' })).not.toContain('warning')
  })

  test("stands where Claude Code's own tools are on, with their folder", () => {
    const banner = render({ toolsEnabled: true, toolsFolder: '/made/up' })
    expect(rowOf(banner, 'warning')).toContain('/made/up')
  })
})

describe('how many processes the machine gets', () => {
  test('is explained', () => {
    expect(rowOf(render(), 'machine')).toBe(
      'up to 16 processes: as many as 2 cores can carry; 9.3 GB of free memory would hold 23',
    )
  })

  test('is what the user says', () => {
    expect(rowOf(render({ maxProcesses: 3 }), 'machine')).toBe(
      'up to 3 processes: as --max-processes says',
    )
  })
})

describe('in a terminal', () => {
  test('it has the same, and what to copy for a client', () => {
    const screen = renderScreen(facts(), plain, 100)
    expect(screen).toContain('ANTHROPIC_BASE_URL=http://localhost:42069 ANTHROPIC_API_KEY=unused')
    expect(screen).toContain('OPENAI_BASE_URL=http://localhost:42069/v1 OPENAI_API_KEY=unused')
    expect(screen).toContain('as many as 2 cores can carry')
    expect(screen).not.toContain('\u001B')
    expect(screen).not.toContain('Warning')
  })

  test('no line is wider than it, and a key is not shown', () => {
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

  test('a login that is missing is red', () => {
    const screen = renderScreen(facts({}, { authenticated: false, source: 'none' }), colored, 100)
    expect(screen).toContain('\u001B[31mnone: run `claude` and /login')
  })
})
