import { describe, expect, it } from 'vitest'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load.ts'
import type { ConfigRequest, LoadedConfig } from './load.ts'

const MACHINE = { cores: 4, freeMemoryBytes: 64 * 1024 ** 3, container: false }

function load({
  files = {},
  ...request
}: Partial<ConfigRequest> & { files?: Record<string, string> }): LoadedConfig {
  return loadConfig({
    values: {},
    env: {},
    machine: MACHINE,
    readFile: (path) => files[path],
    ...request,
  })
}

function deny(): never {
  throw new Error('EACCES: permission denied')
}

describe('the source of a value', () => {
  const files = { 'config.txt': '\nport = 3' }

  it('the command line overrides everything', () => {
    const { config, sources } = load({ values: { port: '1' }, env: { CSP_PORT: '2' }, files })
    expect([config.port, sources.port]).toEqual([1, '--port'])
  })

  it('the environment overrides the file', () => {
    const { config, sources } = load({ env: { CSP_PORT: '2' }, files })
    expect([config.port, sources.port]).toEqual([2, 'CSP_PORT'])
  })

  it('the file overrides the default', () => {
    const { config, sources } = load({ files })
    expect([config.port, sources.port]).toEqual([3, 'config.txt:2'])
    expect([config.queueLimit, sources.queueLimit]).toEqual([1000, 'default'])
  })

  it('an empty value counts as not given', () => {
    const { config, sources } = load({
      env: { CSP_PORT: '', CSP_QUEUE_LIMIT: '' },
      files: { 'config.txt': 'port = 3\nqueue_limit = ""\nlog_level = # none' },
    })
    expect([config.port, config.queueLimit, config.logLevel]).toEqual([3, 1000, 'INFO'])
    expect([sources.port, sources.queueLimit]).toEqual(['config.txt:1', 'default'])
  })

  it('auto sets the default, and overrides later sources', () => {
    const { config, sources } = load({
      values: { host: 'AUTO' },
      env: { CSP_HOST: '::1', CSP_MAX_PROCESSES: 'auto' },
    })
    expect([config.host, sources.host]).toEqual(['127.0.0.1', '--host'])
    expect([config.maxProcesses, sources.maxProcesses]).toEqual([32, 'CSP_MAX_PROCESSES'])
  })

  it('a wrong value that another source overrides is no error', () => {
    expect(load({ values: { port: '1' }, env: { CSP_PORT: 'abc' } }).config.port).toBe(1)
  })

  it('every setting can be given in every source', () => {
    const text = [
      'port = 1',
      'host = ::1',
      'dangerously_open_to_all = yes',
      'log_level = trace',
      'model_default = a',
      'model_aliases = b = c',
      'proxy_api_key = "k#y"',
      'keys = /run/secrets/keys',
      'cors_origins = https://a.example, http://b.example:8080',
      'allowed_hosts = Host.docker.internal, [fd00::1]',
      'system_prompt = "Be\\nbrief."',
      'max_thinking_tokens = 2048',
      'tools_enabled = yes',
      'tools_folder = /srv/work',
      'max_body_size = 1mb',
      'max_processes = 5',
      'queue_timeout = 1',
      'first_event_timeout = 2s',
      'next_event_timeout = 3min',
      'queue_limit = 7',
      'start_timeout = 9s',
      'ping_interval = 300ms',
      'idle_timeout = 4min',
      'hold_timeout = 5h',
      'shutdown_timeout = 0',
      'batch_concurrency = 3',
      'batch_window_share = 50%',
      'batch_expiry = 1h',
      'batch_retention = 2d',
      'response_retention = 3d',
      'responses_limit = 7mb',
      'files_limit = 5mb',
      'database_url = postgresql://made-up@db.example/name',
      'usage_guard = 80%',
      'runtime_reminders = keep',
      'state_folder = /srv/state',
      'work_folder = /srv/runtime',
      'claude_path = /opt/claude',
    ].join('\n')
    const expected = {
      port: 1,
      host: '::1',
      dangerouslyOpenToAll: true,
      logLevel: 'TRACE',
      modelDefault: 'a',
      modelAliases: [{ name: 'b', model: 'c' }],
      proxyApiKey: 'k#y',
      keys: '/run/secrets/keys',
      corsOrigins: ['https://a.example', 'http://b.example:8080'],
      allowedHosts: ['host.docker.internal', 'fd00::1'],
      systemPrompt: 'Be\nbrief.',
      maxThinkingTokens: 2048,
      toolsEnabled: true,
      toolsFolder: '/srv/work',
      maxBodySize: 1_048_576,
      maxProcesses: 5,
      queueTimeout: 1000,
      firstEventTimeout: 2000,
      nextEventTimeout: 180_000,
      queueLimit: 7,
      startTimeout: 9000,
      pingInterval: 300,
      idleTimeout: 240_000,
      holdTimeout: 18_000_000,
      shutdownTimeout: 0,
      batchConcurrency: 3,
      batchWindowShare: 0.5,
      batchExpiry: 3_600_000,
      batchRetention: 172_800_000,
      responseRetention: 259_200_000,
      responsesLimit: 7_340_032,
      filesLimit: 5_242_880,
      databaseUrl: 'postgresql://made-up@db.example/name',
      usageGuard: 0.8,
      runtimeReminders: 'keep',
      stateFolder: '/srv/state',
      workFolder: '/srv/runtime',
      claudePath: '/opt/claude',
    }
    const loaded = load({ files: { 'config.txt': text } })
    expect(loaded.config).toEqual(expected)
    expect(loaded.warnings).toEqual([])
    expect(Object.values(loaded.sources)).not.toContain('default')
  })

  it('the earlier name of a protecting option is refused', () => {
    const text = 'proxy_api_key_file = /run/secrets/key'
    expect(() => load({ files: { 'config.txt': text } })).toThrow(
      /^config\.txt:1: proxy_api_key_file is called keys now: rename it$/,
    )
    expect(() => load({ env: { CSP_PROXY_API_KEY_FILE: '/run/secrets/key' } })).toThrow(
      /^CSP_PROXY_API_KEY_FILE is called keys now: rename it$/,
    )
    expect(load({ env: { CSP_PROXY_API_KEY_FILE: '' } }).warnings).toEqual([])
  })
})

describe('the file', () => {
  it('is ./config.txt, before ./src/config.txt', () => {
    const files = { 'config.txt': 'port = 1', 'src/config.txt': 'port = 2\nqueue_limit = 2' }
    expect(load({ files })).toMatchObject({
      file: 'config.txt',
      config: { port: 1, queueLimit: 1000 },
    })
  })

  it('is ./src/config.txt if there is no other', () => {
    const { file, sources } = load({ files: { 'src/config.txt': 'port = 2' } })
    expect([file, sources.port]).toEqual(['src/config.txt', 'src/config.txt:1'])
  })

  it('may be missing', () => {
    expect(load({}).file).toBeUndefined()
  })

  it('is the one of --config, or of CSP_CONFIG, and no other', () => {
    const files = {
      'config.txt': 'port = 1',
      'a.txt': 'queue_limit = 2',
      'b.txt': 'queue_limit = 3',
    }
    const fromFlag = load({ files, values: { config: 'a.txt' }, env: { CSP_CONFIG: 'b.txt' } })
    expect(fromFlag.config).toMatchObject({ port: 42_069, queueLimit: 2 })
    expect(load({ files, env: { CSP_CONFIG: 'b.txt' } }).config.queueLimit).toBe(3)
  })

  it('must exist if it is named', () => {
    const files = { 'config.txt': 'port = 1' }
    expect(() => load({ files, values: { config: 'a.txt' } })).toThrow(
      new ConfigError('--config: there is no file "a.txt"'),
    )
    expect(() => load({ files, env: { CSP_CONFIG: 'b.txt' } })).toThrow(
      new ConfigError('CSP_CONFIG: there is no file "b.txt"'),
    )
  })

  it('stops the start if it exists and can not be read', () => {
    expect(() => load({ readFile: deny })).toThrow(
      new ConfigError("config.txt: the file can't be read: EACCES: permission denied"),
    )
  })
})

describe('a wrong value stops the start with a line that names its place', () => {
  const allowed = 'is not allowed: use a whole number from 0 to 65535'

  it('in the file', () => {
    expect(() => load({ files: { 'config.txt': '\n\nport = 1x' } })).toThrow(
      new ConfigError(`config.txt:3: port = '1x' ${allowed}`),
    )
  })

  it('in the environment', () => {
    expect(() => load({ env: { CSP_PORT: '-1' } })).toThrow(
      new ConfigError(`CSP_PORT: port = '-1' ${allowed}`),
    )
  })

  it('on the command line', () => {
    expect(() => load({ values: { port: '70000' } })).toThrow(
      new ConfigError(`--port: port = '70000' ${allowed}`),
    )
  })

  it('on one line, whatever the value contains', () => {
    expect(() => load({ env: { CSP_LOG_LEVEL: 'a\nb' } })).toThrow(
      "CSP_LOG_LEVEL: log_level = 'a\\nb' is not allowed: use one of ERROR, WARN",
    )
  })

  it('without the value of a secret', () => {
    expect(() => load({ files: { 'config.txt': 'proxy_api_key = hush hush' } })).toThrow(
      /^config\.txt:1: proxy_api_key = \(a secret, not shown\)(?!.*hush)/,
    )
  })

  it('also if only the combination is wrong', () => {
    expect(() => load({ files: { 'config.txt': 'tools_enabled = on' } })).toThrow(
      "config.txt:1: tools_enabled needs tools_folder: the folder in which Claude Code's own tools may work",
    )
    const env = { CSP_TOOLS_ENABLED: '1', CSP_TOOLS_FOLDER: '/a', CSP_HOST: '0.0.0.0' }
    expect(() => load({ env })).toThrow(
      "CSP_TOOLS_ENABLED: tools_enabled needs proxy_api_key while host is '0.0.0.0'",
    )
  })
})

it('all errors and warnings are shown at once', () => {
  const text = 'port = x\nprot = 1\nqueue: 1\nhost = ::1\nhost = ::1\nqueue_timeout = 99x\n'
  const failed = (): unknown => {
    try {
      return load({ files: { 'config.txt': text }, env: { CSP_QUEUE_LIMIT: 'none' } })
    } catch (error) {
      return error
    }
  }
  expect(failed()).toMatchObject({
    problems: [
      'config.txt:3: this line does not have the form: key = value',
      expect.stringMatching(/^config\.txt:1: port = 'x'/),
      expect.stringMatching(/^config\.txt:6: queue_timeout = '99x'/),
      expect.stringMatching(/^CSP_QUEUE_LIMIT: queue_limit = 'none'/),
    ],
    warnings: [
      'config.txt:2: prot is unknown, so it has no effect; did you mean port?',
      'config.txt:5: host was already given on line 4; this line counts',
    ],
  })
  const combined = { CSP_TOOLS_ENABLED: 'on', CSP_HOST: '0.0.0.0', CSP_PRT: '1' }
  expect(() => load({ env: combined })).toThrow(
    expect.objectContaining({
      problems: [
        expect.stringContaining('needs tools_folder'),
        expect.stringContaining('needs proxy_api_key'),
      ],
      warnings: [expect.stringContaining('did you mean CSP_PORT?')],
    }),
  )
})

describe('a warning, and a start,', () => {
  it('for an unknown key, with the nearest known one', () => {
    expect(load({ files: { 'config.txt': 'prot = 1\ntemperature = hot' } }).warnings).toEqual([
      'config.txt:1: prot is unknown, so it has no effect; did you mean port?',
      'config.txt:2: temperature is unknown, so it has no effect',
    ])
  })

  it('for a removed option, with its replacement', () => {
    const files = { 'config.txt': 'spares = 1' }
    expect(load({ files, env: { CSP_SPARES: '2' } }).warnings.toSorted()).toEqual([
      'CSP_SPARES is no longer needed: one process stays warm, and max_processes is the limit',
      'config.txt:1: spares is no longer needed: one process stays warm, and max_processes is the limit',
    ])
  })

  it('for names that every object has', () => {
    const { warnings } = load({ files: { 'config.txt': 'constructor = 1\n__proto__ = 2' } })
    expect(warnings).toHaveLength(2)
  })

  it('for a repeated key: the last one counts', () => {
    const { config, warnings } = load({ files: { 'config.txt': 'port = 1\n\nport = 2' } })
    expect(config.port).toBe(2)
    expect(warnings).toEqual(['config.txt:3: port was already given on line 1; this line counts'])
  })

  it('for a file that names a configuration file', () => {
    expect(load({ files: { 'config.txt': 'config = b.txt' } }).warnings).toEqual([
      "config.txt:1: config can't be set in a file: use --config or CSP_CONFIG",
    ])
  })

  it('for a variable that looks like a mistyped one of the proxy, and no other', () => {
    const env = { CSP_PROXY_APIKEY: 'hush', CSP_NONCE_SOURCE: 'x', PORT: '1' }
    expect(load({ env }).warnings).toEqual([
      'CSP_PROXY_APIKEY: unknown, so it has no effect; did you mean CSP_PROXY_API_KEY?',
    ])
  })
})
