import { once } from 'node:events'
import { connect as connectTo } from 'node:net'

import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'

import { appOptions } from '../../test/support/app-options.ts'
import { ringOf } from '../../test/support/key-rings.ts'
import { REPLY, source } from '../../test/support/source.ts'
import { Deferred } from '../deferred.ts'
import { type AppOptions, createApp } from './app.ts'
import { type Listener, listen } from './listen.ts'
import type { Ask } from './reply.ts'

let listener: Listener | undefined

afterEach(() => listener?.cut())

function onError(error: unknown): never {
  throw error
}

async function serve(options: Partial<AppOptions>): Promise<number> {
  const { maxBodySize = 2000 } = options
  const app = createApp({ ...appOptions(), ...options, maxBodySize })
  listener = await listen((request) => app.fetch(request), {
    port: 0,
    host: '127.0.0.1',
    maxBodySize,
    onError,
  })
  return listener.port
}

async function connect(ask: Ask, options: Partial<AppOptions> = {}): Promise<WebSocket> {
  const port = await serve({ ...options, ask })
  const headers = { authorization: 'Bearer made-up-ann' }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`, { headers })
  await new Promise((resolve) => socket.once('open', resolve))
  return socket
}

function closeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

const CREATE = JSON.stringify({ type: 'response.create', input: 'Go.' })

test('an idle socket is closed at once when the server stops', async () => {
  const socket = await connect(() => Promise.resolve(source(REPLY).events))
  const closed = closeOf(socket)
  await listener?.close()
  expect(await closed).toBe(1001)
})

test('a working socket is closed after its response', async () => {
  const gate = new Deferred<void>()
  const asked = new Deferred<void>()
  const socket = await connect(() => {
    asked.resolve()
    return Promise.resolve(source([() => gate.promise, ...REPLY]).events)
  })
  const types: string[] = []
  socket.on('message', (data: Buffer) => {
    types.push((JSON.parse(data.toString('utf8')) as { type: string }).type)
  })
  const closed = closeOf(socket)
  socket.send(CREATE)
  await asked.promise
  const stopped = listener?.close()
  gate.resolve()
  expect(await closed).toBe(1001)
  expect(types.at(-1)).toBe('response.completed')
  await stopped
})

test('a client that leaves ends its request upstream', async () => {
  const { events, returned } = source([...REPLY.slice(0, 3), () => new Promise(() => {})])
  const socket = await connect(() => Promise.resolve(events))
  socket.once('message', () => socket.close())
  socket.send(CREATE)
  await expect.poll(() => returned.mock.calls.length).toBe(1)
})

test.each([
  ['a message that is too large', ['x'.repeat(3000)]],
  ['too many messages that wait', Array.from({ length: 40 }, () => CREATE)],
  ['too many messages without a text', [CREATE, ...Array.from({ length: 40 }, () => '')]],
])('%s closes the socket', async (_, messages) => {
  const socket = await connect(() => Promise.resolve(source([() => new Promise(() => {})]).events))
  const closed = closeOf(socket)
  for (const message of messages) socket.send(message)
  expect(await closed).toBe(1009)
})

test('a removed key ends its socket at the next message', async () => {
  let keys = ['made-up-ann']
  const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
  const socket = await connect(ask, { keyRing: () => ringOf(...keys)() })
  const told: { type: string; status?: number }[] = []
  socket.on('message', (data: Buffer) => {
    told.push(JSON.parse(data.toString('utf8')) as (typeof told)[number])
  })
  socket.send(CREATE)
  await expect.poll(() => told.at(-1)?.type).toBe('response.completed')
  keys = ['made-up-bob']
  const closed = closeOf(socket)
  socket.send(CREATE)
  expect(await closed).toBe(1008)
  expect(told.at(-1)).toMatchObject({ type: 'error', status: 401 })
  expect(ask).toHaveBeenCalledOnce()
})

/** The answer on a connection whose client does not close its side. */
async function answersTo(port: number, ...pieces: string[]) {
  const socket = connectTo({ port, host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise((resolve) => void setTimeout(resolve, 20))
  }
  return { socket, received: () => received }
}

const UPGRADE = [
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n')

describe('a route without a WebSocket', () => {
  test('no stream is begun, and its client holds nothing open', async () => {
    const cancelled = vi.fn<() => void>()
    const watchOverview: AppOptions['watchOverview'] = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          cancelled()
          return Promise.resolve({ done: true as const, value: undefined })
        },
      }),
    })
    const port = await serve({ watchOverview })
    const { socket, received } = await answersTo(
      port,
      `GET /v1/usage/stream HTTP/1.1\r\n${UPGRADE}`,
    )
    await expect.poll(received).toMatch(/^HTTP\/1.1 426 /)
    expect(cancelled).toHaveBeenCalledOnce()
    await listener?.close()
    socket.destroy()
  })

  test('a request with an unreadable address is a 400', async () => {
    const port = await serve({})
    const head = `GET /v1/responses HTTP/1.1\r\n${UPGRADE.replace('localhost', ':::')}`
    const { socket, received } = await answersTo(port, head)
    await expect.poll(received).toMatch(/^HTTP\/1.1 400 /)
    await listener?.close()
    socket.destroy()
  })

  test('a request that offers an upgrade to HTTP/2 is answered as any other', async () => {
    const port = await serve({ ask: () => Promise.resolve(source(REPLY).events) })
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] })
    const head = [
      'POST /v1/messages HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
      `content-length: ${body.length}`,
      '',
      '',
    ].join('\r\n')
    const again = `GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const whole = await answersTo(port, head + body, again)
    const inPieces = await answersTo(port, head + body.slice(0, 7), body.slice(7), again)
    for (const { socket, received } of [whole, inPieces]) {
      await expect.poll(received).toMatch(/^HTTP\/1.1 200 .*"Hi".*HTTP\/1.1 200 .*"ok"/s)
      socket.end()
    }
    await listener?.close()
  })
})
