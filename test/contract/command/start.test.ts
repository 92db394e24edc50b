import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { VERSION } from '../../../src/version.ts'
import { endCommands, runCommand, startServer } from '../../support/command.ts'
import {
  type EnvironmentOverrides,
  makeSandbox,
  NO_LOGIN,
  type Sandbox,
  SUBSCRIPTION_LOGIN,
} from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

const OPEN = ['--port', '0', '--host', '0.0.0.0']
const LOCAL = ['--port', '0', '--host', '127.0.0.1']

/** Linux answers on all of 127.0.0.0/8, and not every container has IPv6. */
const LOOPBACK_HOSTS = [
  'localhost',
  ...(process.platform === 'linux' ? ['127.0.0.2'] : []),
  ...(Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => address === '::1'),
  )
    ? ['::1']
    : []),
]

let standin: Standin
let sandbox: Sandbox

beforeAll(async () => {
  standin = await startStandin()
})

beforeEach(() => {
  standin.reset()
})

afterEach(async () => {
  await endCommands(sandbox)
  sandbox.remove()
})

afterAll(() => standin.close())

/** Starts the server in a new sandbox. */
function start(args: string[], overrides: EnvironmentOverrides = {}) {
  sandbox = makeSandbox(standin.url, overrides)
  return startServer({ args, env: sandbox.env, cwd: sandbox.workFolder })
}

async function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

describe('what it says at start', () => {
  test('the address, the login, the model, that no key is asked for, and the line for a client', async () => {
    const { banner, url } = await start(LOCAL)

    expect(url).toMatch(/^http:\/\/(localhost|127\.0\.0\.1):[1-9]\d*$/)
    expect(banner.split('\n')).toEqual([
      `claude-sub-proxy ${VERSION}`,
      expect.stringMatching(new RegExp(`^ {2}address +${url}$`)),
      expect.stringMatching(/^ {2}login +API key$/),
      expect.stringMatching(/^ {2}model +claude-sonnet-4-6\b/),
      expect.stringMatching(/^ {2}key +none asked for$/),
      expect.stringMatching(/^ {2}machine +up to \d+ processes: .*cores?\b.*free memory\b/),
      expect.stringMatching(new RegExp(`^ {2}client +ANTHROPIC_BASE_URL=${url}$`)),
      expect.stringMatching(new RegExp(`^ {2}openai +OPENAI_BASE_URL=${url}/v1$`)),
      '',
    ])
    const reply = await ask(url)
    expect(reply.status).toBe(200)
    expect(standin.messages[0]?.body.model).toBe('claude-sonnet-4-6')
  })

  test('a login by token', async () => {
    const { banner } = await start(LOCAL, SUBSCRIPTION_LOGIN)
    expect(banner).toMatch(/^ {2}login +subscription token$/m)
    expect(banner).not.toContain('sk-ant-')
  })

  test('how to log in, where nobody is', async () => {
    const { banner, url } = await start(LOCAL, NO_LOGIN)
    expect(banner).toMatch(
      /^ {2}login +none: .*\/login.*CLAUDE_CODE_OAUTH_TOKEN.*ANTHROPIC_API_KEY/m,
    )

    const reply = await ask(url)

    expect(reply.status).toBe(401)
    expect(await reply.json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', message: expect.stringContaining('/login') },
    })
    expect(standin.messages).toEqual([])
  })

  test('that a key is asked for, but not which', async () => {
    const { banner, command, url } = await start(LOCAL, { CSP_PROXY_API_KEY: 'made-up-proxy-key' })
    expect(banner).toMatch(/^ {2}key +proxy_api_key$/m)
    expect((await ask(url)).status).toBe(401)
    expect((await ask(url, { 'x-api-key': 'made-up-proxy-key' })).status).toBe(200)
    expect(command.stdout + command.stderr).not.toContain('made-up-proxy-key')
  })

  test('that it is open to the network, under which port', async () => {
    const { banner, url } = await start([...OPEN, '--dangerously-open-to-all'])
    const { port } = new URL(url)
    expect(banner).toMatch(/^ {2}warning +OPEN TO THE NETWORK\b.*proxy_api_key/m)
    expect(banner).toContain(`0.0.0.0:${port}`)
  })

  test('no warning where it is open to the network with a key', async () => {
    const { banner } = await start(OPEN, {
      CSP_PROXY_API_KEY: 'made-up-proxy-key',
    })
    expect(banner).not.toContain('warning')
  })

  test('what Claude Code may do, where its own tools are on', async () => {
    sandbox = makeSandbox(standin.url)
    const { banner } = await startServer({
      args: [...LOCAL, '--tools-enabled', '--tools-folder', sandbox.workFolder],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    const [warning] = /^ {2}warning +tools_enabled.*$/m.exec(banner) ?? []
    expect(warning).toContain(sandbox.workFolder)
  })

  test.each(LOOPBACK_HOSTS)('an address that answers, for host %s', async (host) => {
    const { url } = await start(['--port', '0', '--host', host])
    const health = await fetch(`${url}/health`)
    expect(health.status).toBe(200)
  })
})

describe('where its settings come from', () => {
  test('command line over environment over config.txt in the working directory', async () => {
    sandbox = makeSandbox(standin.url)
    writeFileSync(
      join(sandbox.workFolder, 'config.txt'),
      [
        '# from the file',
        'model_default = claude-haiku-4-5',
        'system_prompt = "The file\'s prompt."',
        'port = 1',
        'modl_default = x',
      ].join('\n'),
    )
    const { banner, command, url } = await startServer({
      args: LOCAL,
      env: { ...sandbox.env, CSP_SYSTEM_PROMPT: "The environment's prompt.", CSP_PORT: '2' },
      cwd: sandbox.workFolder,
    })

    expect(new URL(url).port).not.toMatch(/^[12]$/)
    expect(banner).toMatch(/^ {2}model +claude-haiku-4-5\b/m)
    expect(command.stderr).toBe(
      'warning: config.txt:5: modl_default is not known, and not used; did you mean model_default?\n',
    )
    expect((await ask(url)).status).toBe(200)
    const { body } = standin.messages[0] ?? {}
    expect(body?.model).toBe('claude-haiku-4-5')
    expect(JSON.stringify(body?.system)).toContain("The environment's prompt.")
    expect(JSON.stringify(body)).not.toContain("The file's prompt.")
  })
})

test('a port that is in use is one line that says what to do', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  sandbox = makeSandbox(standin.url)
  try {
    const end = await runCommand({
      args: ['--port', String(port), '--host', '127.0.0.1'],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    expect(end).toMatchObject({ code: 1, signal: null, stdout: '' })
    expect(end.stderr).toMatch(/^claude-sub-proxy: [^\n]+\n$/)
    expect(end.stderr).toContain(`port ${port} is in use`)
    expect(end.stderr).toContain('--port')
  } finally {
    taken.close()
  }
})

describe('a claude_path that is no use is one line that names it', () => {
  const SCRIPTS: [string, string, number][] = [
    ['is not executable', 'not a program\n', 0o644],
    ['is no program', 'not a program\n', 0o755],
    ['fails at once', '#!/bin/sh\necho broken >&2\nexit 3\n', 0o755],
    ['ends at once as if all were well', '#!/bin/sh\nexit 0\n', 0o755],
    ['says something else', '#!/bin/sh\necho hello\n', 0o755],
  ]

  test.each(SCRIPTS)('it %s', async (_name, text, mode) => {
    sandbox = makeSandbox(standin.url)
    const path = join(sandbox.folder, 'not-claude')
    writeFileSync(path, text, { mode })
    await expectRefused(path)
  })

  test('it is not there', async () => {
    sandbox = makeSandbox(standin.url)
    await expectRefused(join(sandbox.folder, 'nowhere'))
  })

  test('it is a folder', async () => {
    sandbox = makeSandbox(standin.url)
    await expectRefused(sandbox.workFolder)
  })
})

async function expectRefused(path: string): Promise<void> {
  const end = await runCommand({
    args: [...LOCAL, '--claude-path', path],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  expect(end).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(end.stderr).toMatch(/^claude-sub-proxy: [^\n]+\n$/)
  expect(end.stderr).toContain(path)
  expect(readdirSync(join(sandbox.folder, 'tmp'))).toEqual([])
}
