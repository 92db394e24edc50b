import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

import { afterAll, expect, test } from 'vitest'

import { endCommands, runtimesIn, startServer } from '../../support/command.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { makeSandbox } from '../../support/sandbox.ts'
import { startStandin } from '../../support/standin.ts'

/** Changes the limits of a process; a part of util-linux. */
const PRLIMIT = '/usr/bin/prlimit'

const standin = await startStandin()
const sandbox = makeSandbox(standin.url)

afterAll(async () => {
  await endCommands(sandbox)
  await standin.close()
  sandbox.remove()
})

/** Changes the maximum number of a process's descriptors. Open ones stay open. */
function mayOpen(pid: number, files: number): void {
  execFileSync(PRLIMIT, [`--pid=${pid}`, `--nofile=${files}:`])
}

async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

/** Sends a request on an open connection: the server needs no descriptor to receive it. */
async function ask(
  socket: Socket,
  url: string,
  body?: unknown,
): Promise<{ status: number | undefined; text: string }> {
  const sent = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    createConnection: () => socket,
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: response.statusCode, text: await text(response) }
}

test.skipIf(!existsSync(PRLIMIT))(
  'without a free descriptor the error has the reason, and later the next request is served',
  async () => {
    const { command, url } = await startServer({
      args: ['--port', '0', '--host', '127.0.0.1', '--max-processes', '1'],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    const askForMessage = (socket: Socket): ReturnType<typeof ask> =>
      ask(socket, `${url}/v1/messages`, {
        max_tokens: 9,
        messages: [{ role: 'user', content: 'Hello' }],
      })
    const forMessage = await connectTo(url)
    const forStatus = await connectTo(url)
    // Connections are accepted in order: after this answer the server has accepted both.
    expect(await askForMessage(await connectTo(url))).toMatchObject({ status: 200 })

    mayOpen(command.pid, 1)
    const [runtime] = runtimesIn(sandbox.folder)
    if (runtime === undefined) throw new Error('There is no process to kill.')
    process.kill(runtime, 'SIGKILL')
    await waitUntilGone([runtime])
    const reason = 'could not be started: too many files are open (EMFILE)'
    expect(await askForMessage(forMessage)).toMatchObject({
      status: 500,
      text: expect.stringContaining(reason) as string,
    })
    const status = await ask(forStatus, `${url}/auth/status`)
    expect(JSON.parse(status.text)).toMatchObject({
      problem: expect.stringContaining(reason) as string,
    })

    mayOpen(command.pid, 1024)
    expect(await askForMessage(await connectTo(url))).toMatchObject({ status: 200 })
  },
)
