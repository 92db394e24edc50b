import { describe, expect, expectTypeOf, it } from 'vitest'
import { ConfigError } from './config-error.ts'
import type { KeySource } from './keys/key-ring.ts'
import type { Config } from './config.ts'
import { resolveConfig } from './resolve.ts'
import type { ConfigInput } from './resolve.ts'

const MACHINE = { cores: 4, freeMemoryBytes: 64 * 1024 ** 3, container: false }

it('every default is filled in', () => {
  expect(resolveConfig({}, MACHINE)).toEqual({
    port: 42_069,
    host: '127.0.0.1',
    dangerouslyOpenToAll: false,
    logLevel: 'INFO',
    modelDefault: 'claude-sonnet-4-6',
    modelAliases: [],
    proxyApiKey: undefined,
    keys: undefined,
    corsOrigins: [],
    allowedHosts: [],
    systemPrompt: undefined,
    maxThinkingTokens: undefined,
    toolsEnabled: false,
    toolsFolder: undefined,
    maxBodySize: 33_554_432,
    maxProcesses: 32,
    queueTimeout: 60_000,
    queueLimit: 1000,
    startTimeout: 120_000,
    firstEventTimeout: 600_000,
    nextEventTimeout: 600_000,
    pingInterval: 15_000,
    idleTimeout: 300_000,
    holdTimeout: 600_000,
    runtimeReminders: 'auto',
    shutdownTimeout: 30_000,
    batchConcurrency: 16,
    batchWindowShare: 0.7,
    batchExpiry: 86_400_000,
    batchRetention: 2_505_600_000,
    responseRetention: 2_592_000_000,
    responsesLimit: 1_073_741_824,
    filesLimit: 1_073_741_824,
    databaseUrl: undefined,
    workFolder: undefined,
    claudePath: undefined,
  })
})

it('the values have the types of the table', () => {
  expectTypeOf<Config['port']>().toEqualTypeOf<number>()
  expectTypeOf<Config['logLevel']>().toEqualTypeOf<'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE'>()
  expectTypeOf<Config['proxyApiKey']>().toEqualTypeOf<KeySource | undefined>()
  expectTypeOf<Config['corsOrigins']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<Config>().not.toHaveProperty('config')
  // @ts-expect-error every property is read-only
  expect(() => (resolveConfig({}, MACHINE).port = 1)).toThrow(TypeError)
})

it('a key may come from a function, and beside a file of keys', () => {
  const { proxyApiKey } = resolveConfig({ proxyApiKey: () => 'made-up' }, MACHINE)
  expect(proxyApiKey).toBeTypeOf('function')
  const both = { proxyApiKey: 'hush', keys: '/run/secrets/key' }
  expect(resolveConfig(both, MACHINE)).toMatchObject(both)
})

it('a file of keys counts as a key for options that need one', () => {
  const tools = { toolsEnabled: true, toolsFolder: '/srv', host: '0.0.0.0' }
  expect(() => resolveConfig(tools, MACHINE)).toThrow('proxyApiKey')
  expect(() => resolveConfig({ ...tools, keys: '/key' }, MACHINE)).not.toThrow()
})

describe('the host', () => {
  const container = { ...MACHINE, container: true }

  it('is every address in a container if clients need a key, else loopback', () => {
    expect(resolveConfig({ proxyApiKey: 'key' }, container).host).toBe('0.0.0.0')
    expect(resolveConfig({ keys: '/key' }, container).host).toBe('0.0.0.0')
    expect(resolveConfig({}, container).host).toBe('127.0.0.1')
    expect(resolveConfig({ proxyApiKey: 'key' }, MACHINE).host).toBe('127.0.0.1')
  })

  it.each(['0.0.0.0', '::', '192.168.1.5', 'box.example'])('%s needs a key', (host) => {
    expect(() => resolveConfig({ host }, MACHINE)).toThrow(
      /^host = '.*' needs proxyApiKey or keys: .* \(dangerouslyOpenToAll allows this\)$/,
    )
    expect(() => resolveConfig({ host }, container)).toThrow(ConfigError)
    expect(resolveConfig({ host, proxyApiKey: 'key' }, MACHINE).host).toBe(host)
    expect(resolveConfig({ host, dangerouslyOpenToAll: true }, MACHINE).host).toBe(host)
  })
})

it('all errors are reported at once, with the nearest known names', () => {
  const input = {
    prot: 1,
    holdTimeout: -1,
    queueLimit: 0,
    temperature: 1,
    spares: 1,
  } as ConfigInput
  expect(() => resolveConfig(input, MACHINE)).toThrow(
    new ConfigError([
      'prot: unknown option; did you mean port?',
      'temperature: unknown option',
      'spares is no longer needed: one process stays warm, and max_processes is the limit',
      'queueLimit = 0 is not allowed: use a whole number from 1 up',
      'holdTimeout = -1 is not allowed: use milliseconds, a whole number from 1 to 2147483647',
    ]),
  )
})

it('a given value is used, and the default for undefined and auto', () => {
  const given = { port: 0, host: 'auto', queueLimit: undefined, maxProcesses: 3 }
  expect(resolveConfig(given as unknown as ConfigInput, MACHINE)).toMatchObject({
    port: 0,
    host: '127.0.0.1',
    queueLimit: 1000,
    maxProcesses: 3,
  })
})

describe('a wrong value is refused by the name of its property', () => {
  it.each<[ConfigInput, string]>([
    [{ port: 70_000 }, 'port = 70000 is not allowed: use a whole number from 0 to 65535'],
    [{ queueLimit: 0.5 }, 'queueLimit = 0.5 is not allowed: use a whole number from 1 up'],
    [{ maxProcesses: 0 }, 'maxProcesses = 0 is not allowed: use auto, or a whole number from 1 up'],
    [
      { pingInterval: 0 },
      'pingInterval = 0 is not allowed: use milliseconds, a whole number from 1 to 2147483647',
    ],
    [{ toolsFolder: '~/a\nb' }, "toolsFolder = '~/a\\nb' is not allowed: use a path"],
    [{ systemPrompt: '' }, "systemPrompt = '' is not allowed: use any text"],
    [{ maxThinkingTokens: 1023 }, 'maxThinkingTokens = 1023 is not allowed'],
  ])('%j', (input, message) => {
    expect(() => resolveConfig(input, MACHINE)).toThrow(ConfigError)
    expect(() => resolveConfig(input, MACHINE)).toThrow(message)
  })

  it('but a secret is never shown', () => {
    expect(() => resolveConfig({ proxyApiKey: 'hush hush' }, MACHINE)).toThrow(
      /^proxyApiKey = \(a secret, not shown\) is not allowed: use (?!.*hush)/,
    )
  })
})

describe("Claude Code's own tools", () => {
  const tools = { toolsEnabled: true, toolsFolder: '/srv/work' }

  it('need a folder', () => {
    expect(() => resolveConfig({ toolsEnabled: true }, MACHINE)).toThrow(
      'toolsEnabled needs toolsFolder: the folder in which',
    )
  })

  it('are refused if the network is served without a key', () => {
    expect(() => resolveConfig({ ...tools, host: '0.0.0.0' }, MACHINE)).toThrow(
      "toolsEnabled needs proxyApiKey while host is '0.0.0.0': without a key, everyone",
    )
    expect(() =>
      resolveConfig({ ...tools, host: '0.0.0.0', dangerouslyOpenToAll: true }, MACHINE),
    ).toThrow('toolsEnabled needs proxyApiKey')
  })

  it('are accepted on loopback, or with a key', () => {
    expect(resolveConfig({ ...tools, host: '::1' }, MACHINE).toolsEnabled).toBe(true)
    const withKey = { ...tools, host: '0.0.0.0', proxyApiKey: 'key' }
    expect(resolveConfig(withKey, MACHINE).toolsEnabled).toBe(true)
  })

  it('ignore a folder that is named while they are off', () => {
    expect(resolveConfig({ toolsFolder: '/srv/work' }, MACHINE).toolsEnabled).toBe(false)
  })
})
