import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { VERSION } from '../../../src/version.ts'
import { endCommands, runCommand, startServer } from '../../support/command.ts'
import { runCommandHere } from '../../support/command-here.ts'
import {
  type EnvironmentOverrides,
  makeSandbox,
  type Sandbox,
  leftIn,
} from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { runtimePath } from '../../support/switchable-runtime.ts'

const RUNTIME = runtimePath()
const OPEN = ['--port', '0', '--host', '0.0.0.0']
const LOCAL = ['--port', '0', '--host', '127.0.0.1']

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

describe('the start banner', () => {
  test('in a pipe is one line with the address, the login, the model, and that no key is required; without a reader of the log it serves on', async () => {
    const { command, line, url } = await start([...LOCAL, '--log-level', 'DEBUG'])

    expect(url).toMatch(/^http:\/\/(localhost|127\.0\.0\.1):[1-9]\d*$/)
    expect(line).toMatchObject({
      version: VERSION,
      openaiUrl: `${url}/v1`,
      login: 'API key',
      model: 'claude-sonnet-4-6',
      key: 'not required (only this machine can connect)',
      maxProcesses: expect.any(Number),
      warnings: [],
    })
    const reply = await ask(url)
    expect(reply.status).toBe(200)
    expect(standin.messages[0]?.body.model).toBe('claude-sonnet-4-6')

    command.closeOutput()
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(url)).status).toBe(200)
    command.signal('SIGTERM')
    expect(await command.ended).toMatchObject({ code: 0, signal: null })
  })

  test('says that a key is required, but not which, also if the network is served', async () => {
    const { line, command, url } = await start(OPEN, { CSP_PROXY_API_KEY: 'made-up-proxy-key' })
    expect(line).toMatchObject({ key: 'required (proxy_api_key)', warnings: [] })
    expect((await ask(url)).status).toBe(401)
    expect((await ask(url, { 'x-api-key': 'made-up-proxy-key' })).status).toBe(200)
    expect(command.stdout + command.stderr).not.toContain('made-up-proxy-key')
  })
})

describe('the settings', () => {
  test('come from the command line, then the environment, then config.txt in the working directory', async () => {
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
    const { line, command, url } = await startServer({
      args: LOCAL,
      env: { ...sandbox.env, CSP_SYSTEM_PROMPT: "The environment's prompt.", CSP_PORT: '2' },
      cwd: sandbox.workFolder,
    })

    expect(new URL(url).port).not.toMatch(/^[12]$/)
    expect(line.model).toBe('claude-haiku-4-5')
    expect(command.stderr).toBe(
      'warning: config.txt:5: modl_default is unknown, so it has no effect; did you mean model_default?\n',
    )
    expect((await ask(url)).status).toBe(200)
    const { body } = standin.messages[0] ?? {}
    expect(body?.model).toBe('claude-haiku-4-5')
    expect(JSON.stringify(body?.system)).toContain("The environment's prompt.")
    expect(JSON.stringify(body)).not.toContain("The file's prompt.")
  })
})

test('a server starts and serves although the runtime does not report a login', async () => {
  sandbox = makeSandbox(standin.url)
  const path = join(sandbox.folder, 'claude')
  const script = `#!/bin/sh\ncase "$*" in *"auth status"*) echo 'Not today.' >&2; exit 3;; esac\nexec '${RUNTIME}' "$@"\n`
  writeFileSync(path, script, { mode: 0o755 })
  const { line, url } = await startServer({
    args: [...LOCAL, '--claude-path', path],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  expect(line.login).toMatch(/^not known yet \(.*\); the server asks again$/)
  expect((await ask(url)).status).toBe(200)
  expect(await (await fetch(`${url}/auth/status`)).json()).toMatchObject({
    authenticated: false,
    source: 'unknown',
    problem: expect.any(String),
  })
  expect((await ask(url)).status).toBe(200)
})

test('a port in use has one line of error with the fix', async () => {
  const taken = createServer((socket) => socket.destroy())
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

describe('a wrong claude_path has one line of error that names it', () => {
  type Run = typeof runCommand

  // These run in processes of their own, because each starts another executable and ends
  // differently.
  const SCRIPTS: [name: string, text: string, mode: number, run: Run][] = [
    ['is not executable', 'not a program\n', 0o644, runCommandHere],
    ['is no program', 'not a program\n', 0o755, runCommandHere],
    ['fails at once', '#!/bin/sh\necho broken >&2\nexit 3\n', 0o755, runCommand],
    ['ends at once with exit code 0', '#!/bin/sh\nexit 0\n', 0o755, runCommand],
    ['prints something else', '#!/bin/sh\necho hello\n', 0o755, runCommandHere],
  ]

  test.each(SCRIPTS)('if it %s', async (_name, text, mode, run) => {
    sandbox = makeSandbox(standin.url)
    const path = join(sandbox.folder, 'not-claude')
    writeFileSync(path, text, { mode })
    await expectRefused(run, path)
  })

  test('if it does not exist', async () => {
    sandbox = makeSandbox(standin.url)
    await expectRefused(runCommandHere, join(sandbox.folder, 'nowhere'), 'there is no such file')
  })

  test('if it is a folder', async () => {
    sandbox = makeSandbox(standin.url)
    await expectRefused(runCommandHere, sandbox.workFolder, 'is not a file')
  })
})

async function expectRefused(run: typeof runCommand, path: string, why = ''): Promise<void> {
  const end = await run({
    args: [...LOCAL, '--claude-path', path],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
  expect(end).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(end.stderr).toMatch(/^claude-sub-proxy: [^\n]+\n$/)
  expect(end.stderr).toContain(path)
  expect(end.stderr).toContain(why)
  expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
}
