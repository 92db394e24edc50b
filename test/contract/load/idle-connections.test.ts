import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { endCommands, startServer } from '../../support/command.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'

/**
 * The number of idle connections. With more, such as `CONNECTIONS=10000 npx vitest run
 * test/contract/load`, this is a measurement.
 */
const CONNECTIONS = Number(process.env['CONNECTIONS'] ?? 500)

/** Bytes; some 10,000 were measured. */
const MAX_PER_CONNECTION = 50_000

/** Bytes by which an idle process grows. */
const NOISE = 60_000_000

let standin: Standin
let sandbox: Sandbox
const sockets: Socket[] = []

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await endCommands(sandbox)
  sandbox.remove()
})

afterAll(() => standin.close())

test.runIf(process.platform === 'linux')(
  'many idle connections take little memory, block no one else, and leave nothing behind',
  async () => {
    const { command, url } = await startServer({
      args: ['--port', '0', '--host', '127.0.0.1'],
      env: sandbox.env,
      cwd: sandbox.workFolder,
    })
    const port = Number(new URL(url).port)
    await getHealth(await open(port))
    const before = { memory: memoryOf(command.pid), descriptors: descriptorsOf(command.pid) }

    for (let left = CONNECTIONS; left > 0; left -= 100) {
      const batch = await Promise.all(Array.from({ length: Math.min(100, left) }, () => open(port)))
      await Promise.all(batch.map(getHealth))
    }

    const grown = memoryOf(command.pid) - before.memory
    expect(descriptorsOf(command.pid) - before.descriptors).toBe(CONNECTIONS)
    expect(grown).toBeLessThan(NOISE + CONNECTIONS * MAX_PER_CONNECTION)
    if (CONNECTIONS >= 10_000) {
      process.stdout.write(
        `${CONNECTIONS} idle connections: ${Math.round(grown / 1e6)} MB more, ${Math.round(grown / CONNECTIONS)} bytes each\n`,
      )
    }
    const reply = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect(reply.status).toBe(200)
    await reply.text()
    expect(sockets.filter((socket) => socket.closed)).toEqual([])

    for (const socket of sockets) socket.destroy()
    await expect.poll(() => descriptorsOf(command.pid)).toBeLessThan(before.descriptors + 20)
  },
)

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Sends a request, and reads the answer, whose head and body come at once. */
async function getHealth(socket: Socket): Promise<void> {
  socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
}

/** Resident memory in bytes. */
function memoryOf(pid: number): number {
  const [, kilobytes] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
