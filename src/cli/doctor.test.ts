import { describe, expect, test } from 'vitest'

import { resolveConfig } from '../config/resolve.ts'
import { check } from './doctor.ts'
import type { Facts } from './facts.ts'
import type { Finding } from './finding.ts'
import { renderFindings } from './findings-text.ts'
import { colored, plain } from './style.ts'

const MACHINE = { cores: 2, freeMemoryBytes: 1e10, container: false }
const NOW = Date.parse('2026-11-23T12:00:00Z')
const KEY = { authenticated: true, source: 'api_key', provider: 'firstParty' }
const PLAN = { authenticated: true, source: 'claude.ai', provider: 'firstParty', plan: 'max' }
const NOBODY = { authenticated: false, source: 'none', provider: 'firstParty' }

const SYSTEM = { platform: 'linux', arch: 'x64', isMusl: false } as const
const RUNTIME: Facts['runtime'] = {
  system: SYSTEM,
  installation: { path: '/opt/claude', version: '2.1.330', startMilliseconds: 300 },
  account: KEY,
  accountProblem: undefined,
  accountWithoutKey: NOBODY,
}

const SOUND: Facts = {
  nodeVersion: '22.1.0',
  cpuModel: 'A processor',
  isContainer: false,
  configuration: { config: resolveConfig({}, MACHINE), warnings: [], file: 'config.txt' },
  runtime: RUNTIME,
  variables: new Set(['ANTHROPIC_API_KEY']),
  port: { kind: 'free' },
  state: { folder: '/home/me/.local/state/claude-sub-proxy' },
  loginFolder: { path: '/home/me/.claude', isThere: true, isWritable: true },
  keyFile: undefined,
  api: { origin: 'https://api.anthropic.com', isOwn: false, reached: undefined },
  turn: undefined,
}

function finding(name: string, changes: Partial<Facts>): Finding | undefined {
  return check({ ...SOUND, ...changes }, NOW).find((each) => each.name === name)
}

function login(runtime: Partial<Facts['runtime']>, changes: Partial<Facts> = {}) {
  return finding('login', { ...changes, runtime: { ...RUNTIME, ...runtime } })
}

test('a sound machine has only good findings', () => {
  const findings = check(SOUND, NOW)
  expect(findings.map(({ name, level }) => [name, level])).toEqual(
    ['node', 'configuration', 'runtime', 'login', 'provider', 'port', 'who may call', 'state'].map(
      (name) => [name, 'ok'],
    ),
  )
})

test.each<[string, string, Partial<Facts>, Finding['level'], RegExp, RegExp]>([
  [
    'a Node.js that Rosetta translates',
    'node',
    {
      cpuModel: 'Apple M2',
      runtime: { ...RUNTIME, system: { ...SYSTEM, platform: 'darwin' } },
    },
    'warning',
    /Apple M2.*Rosetta/,
    /arm64/,
  ],
  [
    'a port of another program on Windows',
    'port',
    {
      port: { kind: 'taken' },
      runtime: { ...RUNTIME, system: { ...SYSTEM, platform: 'win32' } },
    },
    'error',
    /42069/,
    /Get-NetTCPConnection -LocalPort 42069/,
  ],
  ['an old Node.js', 'node', { nodeVersion: '18.2.0' }, 'error', /18\.2\.0/, /20\.19 or newer/],
  [
    'a wrong value',
    'configuration',
    { configuration: { ...SOUND.configuration, problem: 'config.txt:1: port = x is wrong' } },
    'error',
    /config\.txt:1/,
    /--help/,
  ],
  [
    'an unknown key',
    'configuration',
    { configuration: { ...SOUND.configuration, warnings: ['config.txt:1: prot is not known'] } },
    'warning',
    /prot/,
    /Correct/,
  ],
  ['a port of another program', 'port', { port: { kind: 'taken' } }, 'error', /42069/, /--port/],
  [
    'a port below 1024',
    'port',
    { port: { kind: 'refused', code: 'EACCES' } },
    'error',
    /EACCES/,
    /1024/,
  ],
  [
    'an address of another machine',
    'port',
    { port: { kind: 'refused', code: 'EADDRNOTAVAIL' } },
    'error',
    /EADDRNOTAVAIL/,
    /--host/,
  ],
  [
    'a folder of another user',
    'state',
    { state: { folder: '/srv/my state', problem: 'EACCES' } },
    'warning',
    /usage is lost/,
    /chown .*'\/srv\/my state'/,
  ],
  ['no home', 'state', { state: undefined }, 'warning', /no home/, /--state-folder/],
  [
    'two providers',
    'provider',
    { variables: new Set(['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX']) },
    'warning',
    /BEDROCK and .*VERTEX/,
    /all but one/,
  ],
  [
    'Vertex without a region',
    'provider',
    { variables: new Set(['CLAUDE_CODE_USE_VERTEX', 'GOOGLE_CLOUD_PROJECT']) },
    'warning',
    /CLOUD_ML_REGION not/,
    /CLOUD_ML_REGION/,
  ],
  [
    'a base URL that leads back',
    'provider',
    { api: { origin: 'http://localhost:42069', isOwn: true, reached: undefined } },
    'warning',
    /own address/,
    /only for clients/,
  ],
  [
    'an API that is not reached',
    'online',
    { api: { ...SOUND.api, reached: { kind: 'failed', reason: 'ENOTFOUND' } } },
    'error',
    /ENOTFOUND/,
    /HTTPS_PROXY/,
  ],
  [
    'a turn that is refused',
    'turn',
    { turn: { kind: 'failed', status: 401, message: 'invalid x-api-key' } },
    'error',
    /401.*invalid x-api-key/,
    /claude-sub-proxy.* login/,
  ],
  [
    'a client that the API takes for a third-party app',
    'turn',
    {
      turn: {
        kind: 'failed',
        status: 400,
        message: 'Third-party apps now draw from your extra usage, not your plan limits.',
      },
    },
    'error',
    /400.*Third-party/,
    /Allow extra usage.*ANTHROPIC_API_KEY/,
  ],
  [
    'a container without a login',
    'container',
    {
      isContainer: true,
      runtime: { ...RUNTIME, account: NOBODY },
      loginFolder: { path: '/home/node/.claude', isThere: false, isWritable: true },
    },
    'warning',
    /no login is mounted/,
    /-v ~\/\.claude:\/home\/node\/\.claude/,
  ],
  [
    'a container with a login that can not be refreshed',
    'container',
    {
      isContainer: true,
      runtime: { ...RUNTIME, account: PLAN },
      loginFolder: { path: '/home/node/.claude', isThere: true, isWritable: false },
    },
    'warning',
    /is not writable/,
    /:ro/,
  ],
])('%s is found, with a fix', (_case, name, changes, level, text, fix) => {
  const found = finding(name, changes)
  expect(found).toMatchObject({ level })
  expect(found?.text).toMatch(text)
  expect(found?.fix).toMatch(fix)
})

describe('the runtime', () => {
  const problems: [
    Extract<Facts['runtime']['installation'], { problem: unknown }>['problem'],
    RegExp,
  ][] = [
    [{ kind: 'not installed', package: 'sdk-linux-x64-musl' }, /sdk-linux-x64-musl/],
    [{ kind: 'missing' }, /no such file/],
    [{ kind: 'not executable' }, /not executable/],
    [{ kind: 'shell script' }, /is a script for a shell/],
    [{ kind: 'fails', reason: 'ENOEXEC' }, /linux x64 glibc \(ENOEXEC\)/],
    [{ kind: 'something else', printed: 'hello' }, /"hello"/],
  ]
  test.each(problems)(
    'with the problem %o can not be used, and is not asked for the login',
    (problem, text) => {
      const runtime = {
        system: SYSTEM,
        installation: { path: '/opt/claude', problem },
        account: undefined,
        accountProblem: undefined,
        accountWithoutKey: undefined,
      }
      expect(finding('runtime', { runtime })).toMatchObject({
        level: 'error',
        text: expect.stringMatching(text),
        fix: expect.stringContaining('claude_path'),
      })
      expect(finding('login', { runtime })?.level).toBe('skipped')
    },
  )
})

describe('the login', () => {
  test('that is missing comes with every way to log in', () => {
    const found = login({ account: NOBODY })
    expect(found?.level).toBe('error')
    for (const way of ['claude-sub-proxy login', 'setup-token', 'ANTHROPIC_API_KEY']) {
      expect(found?.ways).toContainEqual(expect.stringContaining(way))
    }
    expect(found?.fix).not.toContain('Keychain')
  })

  test('that is missing in a container may be mounted, but not from a Mac', () => {
    const found = login({ account: NOBODY }, { isContainer: true })
    expect(found?.fix).toBe('Do one of these:')
    expect(found?.ways).toContainEqual(expect.stringMatching(/^mount your .*Mac.*Keychain/))
  })

  test('that the runtime does not report comes with the reason', () => {
    const found = login({ account: undefined, accountProblem: 'not within 15 s' })
    expect(found).toMatchObject({ level: 'error', text: expect.stringContaining('within 15 s') })
  })

  test('on macOS may be locked up in the Keychain', () => {
    const system = { platform: 'darwin', arch: 'arm64', isMusl: false } as const
    expect(login({ account: NOBODY, system })?.fix).toContain('Keychain')
    const variables = new Set(['SSH_CONNECTION'])
    expect(login({ account: NOBODY, system }, { variables })?.fix).toContain('unlock-keychain')
  })

  test('that has expired is reported; a valid login is not', () => {
    const account = { ...PLAN, expiresAt: '2026-11-23T11:59:59Z' }
    expect(login({ account })).toMatchObject({
      level: 'error',
      text: expect.stringContaining('expired'),
    })
    expect(login({ account: { ...PLAN, expiresAt: '2026-11-23T12:00:01Z' } })?.level).toBe('ok')
  })

  test('of a plan is hidden by a stray key', () => {
    expect(login({ accountWithoutKey: PLAN })).toMatchObject({
      level: 'warning',
      text: expect.stringMatching(/ANTHROPIC_API_KEY.*plan max/),
      fix: expect.stringContaining('env -u ANTHROPIC_API_KEY'),
    })
  })

  test("is described without the user's address", () => {
    const account = { ...PLAN, email: 'user@example.com', organization: 'Example' }
    expect(login({ account })?.text).toBe('claude.ai login, plan max, Example')
  })
})

test('with a provider the API is not checked', () => {
  const reached = { kind: 'answered', status: 404, milliseconds: 5 } as const
  const api = { ...SOUND.api, reached }
  expect(finding('online', { api })?.level).toBe('ok')
  const variables = new Set(['CLAUDE_CODE_USE_BEDROCK', 'AWS_REGION'])
  expect(finding('online', { api, variables })?.level).toBe('skipped')
})

test('a server of this program on the port is no error, and neither is an answered turn', () => {
  expect(finding('port', { port: { kind: 'ours', version: '0.1.0' } })?.level).toBe('ok')
  const turn = { kind: 'answered', model: 'claude-sonnet-4-6', milliseconds: 900 } as const
  expect(finding('turn', { turn })?.text).toContain('claude-sonnet-4-6')
})

function callers(config: object, isContainer = false): Finding | undefined {
  return finding('who may call', {
    isContainer,
    configuration: { ...SOUND.configuration, config: resolveConfig(config, MACHINE) },
  })
}

describe('who may call', () => {
  test.each([
    ['on loopback', {}, 'ok', /programs on this machine.*without a key/],
    [
      'on loopback with a key',
      { proxyApiKey: 'key' },
      'ok',
      /programs on this machine, with a key/,
    ],
    [
      'in the network with a key',
      { host: '::', proxyApiKey: 'key' },
      'ok',
      /can reach ::, with a key/,
    ],
    [
      'in the network',
      { host: '::', dangerouslyOpenToAll: true },
      'warning',
      /everyone.*without a key/,
    ],
  ])('%s', (_name, config, level, text) => {
    expect(callers(config)).toMatchObject({ level, text: expect.stringMatching(text) })
  })

  test('in a container without a key, nothing outside of it', () => {
    expect(callers({}, true)).toMatchObject({
      level: 'warning',
      fix: expect.stringContaining('proxy_api_key'),
    })
  })
})

describe('the file of keys', () => {
  const keyFile = { path: '/etc/keys', count: 3, readable: 0, isOpen: true }
  test.each<[string, Partial<Facts['keyFile']>, Finding['level'], RegExp]>([
    ['with hashes alone may be read by everyone', {}, 'ok', /3 in \/etc\/keys/],
    ['with a key in it may be read by its user', { readable: 1, isOpen: false }, 'ok', /1 of them/],
    ['with a key in it may be read by everyone', { readable: 1 }, 'warning', /all users/],
    ['can not be read', { problem: '/etc/keys:2: this is not a valid key' }, 'error', /keys:2/],
  ])('%s', (_name, changes, level, text) => {
    const found = finding('keys', { keyFile: { ...keyFile, ...changes } })
    expect(found).toMatchObject({ level, text: expect.stringMatching(text) })
  })

  test('is not mentioned if there is none', () => {
    expect(finding('keys', {})).toBeUndefined()
  })
})

describe('the output', () => {
  const findings = check({ ...SOUND, port: { kind: 'taken' } }, NOW)

  test('in a pipe has one line for each finding, with the fix below', () => {
    const text = renderFindings(findings, { isTerminal: false, paint: plain, columns: undefined })
    expect(text).toMatch(/^error {4}port {11}\S.* in use .*\n {5}fix port {11}Stop it /m)
    expect(text).toContain('\n1 error.\n')
    expect(text).toContain('--turn')
  })

  test('each way to do something stands on lines of its own', () => {
    const loggedOut = check({ ...SOUND, runtime: { ...RUNTIME, account: NOBODY } }, NOW)
    const piped = renderFindings(loggedOut, { isTerminal: false, paint: plain, columns: undefined })
    expect(piped).toMatch(/^ {5}fix login .*:\n {6}or login .*\n {6}or login .*\n/m)
    const shown = renderFindings(loggedOut, { isTerminal: true, paint: plain, columns: 72 })
    expect(shown.match(/^ {21}• /gm)).toHaveLength(3)
    expect(shown.split('\n').filter((line) => line.length > 72)).toEqual([])
  })

  test('in a terminal has signs and colours, and no line is wider', () => {
    const medium = { isTerminal: true, columns: 72 }
    const text = renderFindings(findings, { ...medium, paint: plain })
    expect(text).toMatch(/^ {2}✗ port {11}\S/m)
    expect(text.split('\n').filter((line) => line.length > 72)).toEqual([])
    expect(renderFindings(findings, { ...medium, paint: colored })).toContain('\u001B[31m✗')
  })
})
