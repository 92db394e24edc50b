import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'

import { createProxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { type CommandEnd, endCommands, runCommand } from '../../support/command.ts'
import { runCommandHere } from '../../support/command-here.ts'
import { textMessage } from '../../support/messages.ts'
import {
  type EnvironmentOverrides,
  makeSandbox,
  NO_LOGIN,
  NOTHING_OUTSIDE,
  type Sandbox,
} from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { storeLogin } from '../../support/stored-login.ts'

type Check = { name: string; level: string; text: string; fix?: string; ways?: string[] }

let standin: Standin
let sandbox: Sandbox

beforeAll(async () => {
  standin = await startStandin()
})

beforeEach(() => standin.reset())

afterEach(async () => {
  await endCommands(sandbox)
  sandbox.remove()
})

afterAll(() => standin.close())

function makeHome(overrides: EnvironmentOverrides = {}): void {
  sandbox = makeSandbox(standin.url, overrides)
}

function run(...args: string[]): Promise<CommandEnd> {
  return runCommandHere({ args, env: sandbox.env, cwd: sandbox.workFolder })
}

const LOCAL = ['--port', '0', '--host', '127.0.0.1']

type Told = { code: number | null; checks: Map<string, Check> }

async function examine(...args: string[]): Promise<Told> {
  return told(await run('doctor', '--json', ...args))
}

/** In a process of its own, which must end by itself. Its advice contains its own command. */
async function examineAlone(...words: string[]): Promise<Told> {
  const args = ['doctor', '--json', ...words]
  return told(await runCommand({ args, env: sandbox.env, cwd: sandbox.workFolder }))
}

function told({ code, stdout, stderr }: CommandEnd): Told {
  expect(stderr).toBe('')
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
  expect(ok).toBe(code === 0)
  return { code, checks: new Map(checks.map((check) => [check.name, check])) }
}

test('a sound machine passes, with the API reached and a turn answered over the whole path', async () => {
  makeHome()
  standin.reply(message(textMessage('Hello.')))
  const { code, checks } = await examineAlone(...LOCAL, '--online', '--turn')
  expect(code).toBe(0)
  expect(checks.get('runtime')).toMatchObject({
    level: 'ok',
    text: expect.stringMatching(/^Claude Code \d/),
  })
  for (const name of ['login', 'online', 'turn']) expect(checks.get(name)?.level, name).toBe('ok')
  expect(standin.messages).toHaveLength(1)
})

test('a missing login is found, and a turn that fails because of it', async () => {
  makeHome(NO_LOGIN)
  const { code, checks } = await examineAlone(...LOCAL, '--turn')
  expect(code).toBe(1)
  expect(checks.get('login')).toMatchObject({
    level: 'error',
    ways: expect.arrayContaining([expect.stringMatching(/^run node .*dist\/cli\/main\.js login$/)]),
  })
  expect(checks.get('turn')).toMatchObject({ level: 'error', text: expect.stringContaining('401') })
})

test('a stray key beside a stored login is found, without a request to the network', async () => {
  makeHome(NOTHING_OUTSIDE)
  storeLogin(sandbox.env)
  const { code, checks } = await examine(...LOCAL)
  expect(code).toBe(0)
  expect(checks.get('login')).toMatchObject({
    level: 'warning',
    text: expect.stringMatching(/^ANTHROPIC_API_KEY .*claude\.ai login, plan max/),
  })
  expect(standin.requests).toEqual([])
})

test("the port of this program's server is in order, and status shows the server", async () => {
  makeHome()
  const proxy = await createProxy({ env: sandbox.env, host: '127.0.0.1', port: 0 })
  try {
    const { port } = await proxy.listen()
    const address = ['--port', String(port), '--host', '127.0.0.1']
    const own = await examine(...address)
    expect(own.checks.get('port')).toMatchObject({ level: 'ok' })

    const status = await run('status', ...address)
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(status.stdout).toMatch(/^login {4}API key\nusage {4}0 requests/m)
  } finally {
    await proxy.close()
  }
})

/** A port of a program that closes each connection without an answer. */
async function takenPort(): Promise<string> {
  const taken = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void taken.close())
  return String((taken.address() as { port: number }).port)
}

test('a wrong configuration is found, and a broken runtime, an unusable state folder and a taken port', async () => {
  makeHome()
  writeFileSync(join(sandbox.workFolder, 'config.txt'), 'port = none\n')
  const { code, checks } = await examine()
  expect(code).toBe(1)
  expect(checks.get('configuration')?.text).toContain('config.txt:1')
  expect(checks.get('login')?.level).toBe('ok')

  writeFileSync(join(sandbox.workFolder, 'config.txt'), '')
  const path = join(sandbox.folder, 'claude')
  writeFileSync(path, 'no program', { mode: 0o644 })
  const state = join(path, 'state')
  const address = ['--port', await takenPort(), '--host', '127.0.0.1']
  const second = await examine(...address, '--claude-path', path, '--state-folder', state)
  expect(second.code).toBe(1)
  expect(second.checks.get('runtime')).toMatchObject({
    fix: expect.stringContaining(`chmod +x ${path}`),
  })
  expect(second.checks.get('state')?.level).toBe('warning')
  expect(second.checks.get('port')?.text).toContain('another program')
})

test('models are listed without a server, and without a request to the API', async () => {
  makeHome()
  const { code, stdout } = await run('models', '--json')
  expect(code).toBe(0)
  const ids = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)
  expect(ids).toContain('sonnet')
  expect(standin.messages).toEqual([])
})

test('status without a server is one line with the fix', async () => {
  makeHome()
  const end = await run('status', '--port', '1', '--host', '127.0.0.1')
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toMatch(/^claude-sub-proxy: no server answers at \S+: start one [^\n]*\n$/)
})
