import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'

import { appOptions } from '../../test/support/app-options.ts'
import { REPLY, source } from '../../test/support/source.ts'
import { Deferred } from '../deferred.ts'
import { createApp } from './app.ts'
import { type Listener, listen } from './listen.ts'
import type { Ask } from './reply.ts'

let listener: Listener | undefined

afterEach(() => listener?.cut())

function onError(error: unknown): never {
  throw error
}

async function connect(ask: Ask, maxBodySize = 1000): Promise<WebSocket> {
  const app = createApp({ ...appOptions(), ask, maxBodySize })
  listener = await listen((request) => app.fetch(request), {
    port: 0,
    host: '127.0.0.1',
    maxBodySize,
    onError,
  })
  const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/v1/responses`)
  await new Promise((resolve) => socket.once('open', resolve))
  return socket
}

function closeOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

const CREATE = JSON.stringify({ type: 'response.create', input: 'Go.' })

test('a server that stops closes a socket that is idle at once', async () => {
  const socket = await connect(() => Promise.resolve(source(REPLY).events))
  const closed = closeOf(socket)
  await listener?.close()
  expect(await closed).toBe(1001)
})

test('and one that works after its response', async () => {
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
  ['a message that is too large', ['x'.repeat(2000)]],
  ['too many messages that wait', Array.from({ length: 40 }, () => CREATE)],
])('%s closes the socket', async (_, messages) => {
  const socket = await connect(() => Promise.resolve(source([() => new Promise(() => {})]).events))
  const closed = closeOf(socket)
  for (const message of messages) socket.send(message)
  expect(await closed).toBe(1009)
})
