import { spawn } from 'node:child_process'

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { events, hang } from '../../support/answers.ts'
import {
  buildOnce,
  endCommands,
  type RunningCommand,
  runtimesIn,
  startCommand,
  startServer,
} from '../../support/command.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage } from '../../support/messages.ts'
import { descendants, isAlive, startedRuntimes, waitUntilGone } from '../../support/processes.ts'
import { makeSandbox, type Sandbox, leftIn } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

let standin: Standin
let sandbox: Sandbox

beforeAll(async () => {
  standin = await startStandin()
})

beforeEach(() => {
  standin.reset()
  sandbox = makeSandbox(standin.url)
})

afterEach(async () => {
  await endCommands(sandbox)
  sandbox.remove()
})

afterAll(() => standin.close())

function start(...args: string[]) {
  return startServer({
    args: ['--port', '0', '--host', '127.0.0.1', ...args],
    env: sandbox.env,
    cwd: sandbox.workFolder,
  })
}

function ask(url: string, stream: boolean): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'claude-sonnet-4-6',
      max_tokens: 50,
      stream,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
}

/** A reply whose first words are sent, and the rest when the gate opens. */
function gatedReply() {
  const [first, second, third, ...rest] = eventsOf(textMessage('Half of it, and all of it.'))
  const begun = [first, second, third] as RawMessageStreamEvent[]
  const gate = makeGate()
  standin.reply(events([...begun, gate.pass, ...rest]))
  return gate
}

function stalledReply(): void {
  standin.reply(events([...eventsOf(textMessage('Half of it.')).slice(0, 3), hang()]))
}

/** Resolves when the command has noticed a signal. */
async function isStopping(command: RunningCommand): Promise<void> {
  await command.hasWritten('stderr', /^Stopping\b.*$/m)
}

// The tests send three of the four signals of `src/cli/stop-signals.ts`, and that of usage.test.ts the
// fourth: one listener takes all of them.

test('SIGTERM lets requests in flight finish, refuses new ones, and leaves nothing behind', async () => {
  const gate = gatedReply()
  const { command, url } = await start()
  const streamed = await ask(url, true)
  const runtimes = descendants(command.pid).map(({ pid }) => pid)
  expect(runtimes.length).toBeGreaterThan(0)

  command.signal('SIGTERM')
  await isStopping(command)
  // ECONNRESET if fetch reuses a connection that was just closed.
  await expect(fetch(`${url}/health`)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/^ECONN(?:REFUSED|RESET)$/) },
  })
  expect(isAlive(command.pid)).toBe(true)
  gate.open()

  const text = await streamed.text()
  expect(text).toContain('event: message_stop')
  expect(text).not.toContain('event: error')
  expect(await command.ended).toMatchObject({ code: 0, signal: null })
  await waitUntilGone(runtimes)
  expect(runtimesIn(sandbox.folder)).toEqual([])
  expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
  expect(standin.messages).toMatchObject([{ aborted: false }])
})

describe('a stop signal during the start leaves nothing behind', () => {
  test.each([
    ['the start of a server', [], 0],
    ['doctor --turn', ['doctor', '--turn'], 130],
  ] as const)('in %s', async (_name, args, code) => {
    const command = await startCommand({
      args: [...args, '--port', '0', '--host', '127.0.0.1'],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    await expectNothingLeft(command, code)
  })
})

// npm passes SIGTERM on to the shell between itself and the server.
test.each(['SIGTERM', 'SIGKILL'] as const)(
  '%s to npm alone ends the server as well',
  async (signal) => {
    await buildOnce()
    const npm = spawn('npm', ['start', '--ignore-scripts', '--', '--port', '0'], {
      cwd: ROOT,
      env: {
        ...sandbox.env,
        npm_config_update_notifier: 'false',
        // The npm of Node.js 26 keeps compiled code in the temporary folder.
        NODE_DISABLE_COMPILE_CACHE: '1',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise<void>((resolve, reject) => {
      let written = ''
      npm.stdout.on('data', (text: Buffer) => {
        written += text.toString()
        if (written.includes('"msg":"serving"')) resolve()
      })
      npm.once('exit', () => reject(new Error(`npm ended: ${written}`)))
    })
    const tree = descendants(Number(npm.pid))
    npm.kill(signal)
    await waitUntilGone([Number(npm.pid), ...tree.map(({ pid }) => pid)])
    expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
  },
)

test('Ctrl-C in a terminal, which reaches every process, lets requests in flight finish', async () => {
  const gate = gatedReply()
  const { command, url } = await start()
  const asked = ask(url, false)
  await standin.waitFor(1)

  command.signalGroup('SIGINT')
  await isStopping(command)
  gate.open()

  const reply = await asked
  expect(await reply.json()).toMatchObject({
    content: [{ type: 'text', text: 'Half of it, and all of it.' }],
    stop_reason: 'end_turn',
  })
  expect(reply.status).toBe(200)
  expect(await command.ended).toMatchObject({ code: 0, signal: null })
})

test('the second signal ends the server at once, and leaves no process', async () => {
  stalledReply()
  const { command, url } = await start()
  const streamed = await ask(url, true)
  const runtimes = descendants(command.pid).map(({ pid }) => pid)
  expect(runtimes.length).toBeGreaterThan(0)

  command.signal('SIGQUIT')
  await isStopping(command)
  command.signal('SIGTERM')

  const { code, signal } = await command.ended
  expect(code !== 0 || signal !== null).toBe(true)
  await expect(streamed.text()).rejects.toThrow()
  // A spare may have been started since they were listed: it also ends when its input ends.
  await waitUntilGone([...runtimes, ...runtimesIn(sandbox.folder)])
  expect(runtimesIn(sandbox.folder)).toEqual([])
})

test('SIGKILL of the server also ends the runtime, idle or in a reply', async () => {
  stalledReply()
  const { command, url } = await start('--max-processes', '2')
  const streamed = await ask(url, true)
  const [request] = await standin.waitFor(1)
  await (await ask(url, false)).json()
  const processes = descendants(command.pid)
  expect(startedRuntimes(command.pid)).toHaveLength(2)

  command.signal('SIGKILL')

  expect(await command.ended).toMatchObject({ signal: 'SIGKILL' })
  await waitUntilGone(processes.map(({ pid }) => pid))
  await request?.closed
  expect(request?.aborted).toBe(true)
  await expect(streamed.text()).rejects.toThrow()
})

/** Interrupts the command once its private folder exists. */
async function expectNothingLeft(command: RunningCommand, code: number): Promise<void> {
  // The folder exists while the runtime starts.
  while (leftIn(join(sandbox.folder, 'tmp')).length === 0 && isAlive(command.pid)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  command.signal('SIGINT')
  expect(await command.ended).toMatchObject({ code, signal: null })
  expect(runtimesIn(sandbox.folder)).toEqual([])
  expect(leftIn(join(sandbox.folder, 'tmp'))).toEqual([])
}
