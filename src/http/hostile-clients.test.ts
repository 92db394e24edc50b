import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { appOptions } from '../../test/support/app-options.ts'
import { Deferred } from '../deferred.ts'
import { createApp } from './app.ts'
import { type ConnectionLimits, type Listener, listen } from './listen.ts'
import type { Ask } from './messages.ts'

/** Ends the connection without a further byte, so that only the end itself shows it. */
type Client = { socket: Socket; received: () => string; ended: Promise<string> }

const onError = vi.fn<(error: unknown) => void>()
let listener: Listener | undefined
const clients: Socket[] = []

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy()
  const closed = listener?.close()
  listener?.cut()
  listener = undefined
  await closed
  expect(onError.mock.calls).toEqual([])
})

type Fetch = (request: Request) => Response | Promise<Response>

async function serve(fetch: Fetch, limits: Partial<ConnectionLimits> = {}): Promise<void> {
  listener = await listen(fetch, { port: 0, host: '127.0.0.1', onError, limits })
}

/** Serves the routes of the proxy; `ask` stands for the runtime. */
async function serveApp(ask: Ask, limits: Partial<ConnectionLimits> = {}): Promise<void> {
  const app = createApp({ ...appOptions(), ask, pingInterval: 0, onError })
  await serve((request) => app.fetch(request), limits)
}

async function send(text: string | Uint8Array): Promise<Client> {
  const socket = connect(listener?.port ?? 0, '127.0.0.1')
  clients.push(socket)
  await once(socket, 'connect')
  let received = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (received += piece))
  socket.on('error', () => {})
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  socket.write(text)
  return { socket, received: () => received, ended }
}

function post(body: string, headers = ''): string {
  return `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`
}

function hello(content: string): string {
  return post(JSON.stringify({ messages: [{ role: 'user', content }] }))
}

/** The status and the error of an answer in the API's form. */
function errorIn(answer: string): unknown {
  const [, status, body] = /^HTTP\/1\.1 (\d+) [^]*?\r\n\r\n([^]*)$/.exec(answer) ?? []
  const { type, error } = JSON.parse(body ?? '') as { type: string; error: { type: string } }
  expect(type).toBe('error')
  return [Number(status), error.type]
}

async function said(request: Request): Promise<string> {
  const body = (await request.json()) as { messages: { content: string }[] }
  return body.messages[0]?.content ?? ''
}

const never: Ask = () => new Promise(() => {})

describe('bytes that are no HTTP request get an error in the form of the API, and the connection is closed', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a header with a NUL', 'GET / HTTP/1.1\r\nHost: localhost\r\na: \u0000\r\n\r\n'],
    ['a header that is folded', 'GET / HTTP/1.1\r\nHost: localhost\r\na: b\r\n c\r\n\r\n'],
    ['two lengths', post('abc').replace('\r\n\r\n', '\r\ncontent-length: 4\r\n\r\n')],
    ['a length and chunks', post('abc', 'transfer-encoding: chunked\r\n')],
    [
      'chunks that are none',
      'POST /v1/messages HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    ],
  ])('%s', async (_name, text) => {
    await serveApp(never)
    const { ended } = await send(text)
    expect(errorIn(await ended)).toEqual([400, 'invalid_request_error'])
  })

  test('headers without an end', async () => {
    await serveApp(never)
    const { ended } = await send(`GET / HTTP/1.1\r\nHost: localhost\r\na: ${'b'.repeat(20_000)}`)
    expect(errorIn(await ended)).toEqual([431, 'invalid_request_error'])
  })
})

test('a request with an invalid URL is refused in the form of the API', async () => {
  await serveApp(never)
  const { ended } = await send('GET / HTTP/1.1\r\nHost: a@b\r\nconnection: close\r\n\r\n')
  expect(errorIn((await ended).replace(/^0\r\n/m, ''))).toEqual([400, 'invalid_request_error'])
})

test.each(['GET /health', 'OPTIONS /'])(
  '%s of HTTP/1.0, without a Host, is served',
  async (line) => {
    await serveApp(never)
    const { ended } = await send(`${line} HTTP/1.0\r\n\r\n`)
    expect(await ended).toMatch(/^HTTP\/1\.1 20[04] /)
  },
)

test.each(['gzip, chunked', 'GZIP,chunked'])(
  'a transfer-encoding of %s is a 501',
  async (coding) => {
    await serveApp(never)
    const { ended } = await send(
      `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: ${coding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    )
    expect(errorIn(await ended)).toEqual([501, 'invalid_request_error'])
  },
)

test('an expectation that is not known is a 417', async () => {
  await serveApp(never)
  const { ended } = await send(post('{}', 'expect: 200-maybe\r\n'))
  expect(errorIn(await ended)).toEqual([417, 'invalid_request_error'])
})

test('a CONNECT is told that this is no proxy to other hosts', async () => {
  await serveApp(never)
  const { ended } = await send(
    'CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n',
  )
  const answer = await ended
  expect(errorIn(answer)).toEqual([405, 'invalid_request_error'])
  expect(answer).toContain('base URL')
})

test('requests whose clients leave at once do not reach the engine', async () => {
  const asked = vi.fn<() => void>()
  await serveApp(() => {
    asked()
    return new Promise(() => {})
  })
  const left = Array.from({ length: 20 }, async () => {
    const { socket, ended } = await send('')
    socket.end(hello('Hello'))
    await ended
  })
  await Promise.all(left)
  // The last one is answered after the others were checked.
  await (
    await send('GET /health HTTP/1.1\r\nHost: localhost\r\nconnection: close\r\n\r\n')
  ).ended
  expect(asked).not.toHaveBeenCalled()
})

describe('a request that arrives too slowly ends with a 408', () => {
  test.each([
    ['without a byte', ''],
    ['in the headers', 'GET / HTTP/1.1\r\nHost: loc'],
    ['in the body', post('{"messages":').replace('length: 12', 'length: 500')],
  ])('%s', async (_name, beginning) => {
    await serveApp(never, { headers: 50, request: 60 })
    const { ended } = await send(beginning)
    expect(errorIn(await ended)).toEqual([408, 'timeout_error'])
  })

  test('also if a byte comes now and then', async () => {
    await serveApp(never, { headers: 50, request: 60 })
    const { socket, ended } = await send('GET / HTTP/1.1\r\nHost: localhost\r\na: ')
    const trickle = setInterval(() => socket.write('b'), 5)
    expect(errorIn(await ended)).toEqual([408, 'timeout_error'])
    clearInterval(trickle)
  })
})

test('a reply may take longer than a request may, and be silent for longer than an unread one may wait', async () => {
  const answered = new Deferred<Response>()
  await serve(() => answered.promise, { headers: 200, request: 300, idle: 200, unread: 400 })
  const { received, ended } = await send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const other = await send('')
  // The other connection has run into its limit by now; so would this one have.
  await other.ended
  const another = await send('')
  await another.ended
  expect(received()).toBe('')

  const body = new Deferred<void>()
  const stream = new ReadableStream({
    async start(controller) {
      controller.enqueue(Buffer.from('first '))
      await body.promise
      controller.enqueue(Buffer.from('last'))
      controller.close()
    },
  })
  answered.resolve(new Response(stream))
  await (
    await send('')
  ).ended
  await (
    await send('')
  ).ended
  body.resolve()
  expect(await ended).toMatch(/first [^]*last/)
})

test('a client that reads nothing is disconnected, and its reply stopped', async () => {
  const cancelled = new Deferred<void>()
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
    cancel: () => cancelled.resolve(),
  })
  await serve(() => new Response(stream), { unread: 100 })
  const { socket } = await send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.pause()
  await cancelled.promise
})

describe('a client that leaves', () => {
  test('in the middle of its body is no error of the proxy', async () => {
    await serveApp(never)
    const { socket } = await send(post('{"a"').replace('length: 4', 'length: 500'))
    const other = await send(post('{').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
    await other.ended
    socket.resetAndDestroy()
    expect(errorIn(await (await send('x\r\n\r\n')).ended)).toEqual([400, 'invalid_request_error'])
  })

  test.each(['reset', 'end'])(
    'by %s while it waits for the reply stops the request',
    async (how) => {
      const asked = new Deferred<AbortSignal>()
      await serveApp((_request, { signal }) => {
        asked.resolve(signal)
        return new Promise(() => {})
      })
      const { socket } = await send(hello('one'))
      const signal = await asked.promise
      const aborted = once(signal, 'abort')
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroy()
      await aborted
    },
  )
})

describe('pipelined requests', () => {
  test('are answered one after another, each with its own reply', async () => {
    const order: string[] = []
    await serve(async (request) => {
      const content = await said(request)
      order.push(`asked ${content}`)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`answered ${content}`)
      return new Response(`reply to ${content}.`)
    })
    const last = hello('three').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')
    const { ended } = await send(hello('one') + hello('two') + last)
    expect((await ended).match(/reply to \w+/g)).toEqual([
      'reply to one',
      'reply to two',
      'reply to three',
    ])
    expect(order).toEqual(
      ['one', 'two', 'three'].flatMap((content) => [`asked ${content}`, `answered ${content}`]),
    )
  })

  test('are not started if the client leaves before their turn', async () => {
    const asked: string[] = []
    const first = new Deferred<AbortSignal>()
    await serve(async (request) => {
      asked.push(await said(request))
      first.resolve(request.signal)
      return new Promise(() => {})
    })
    const { socket } = await send(hello('one') + hello('two'))
    const aborted = once(await first.promise, 'abort')
    socket.destroy()
    await aborted
    await (
      await send('x\r\n\r\n')
    ).ended
    expect(asked).toEqual(['one'])
  })

  test('are limited in number', async () => {
    await serve(() => new Promise(() => {}))
    const { ended } = await send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(500))
    expect(await ended).toBe('')
  })

  test('with an invalid one among them get no answer that belongs to another', async () => {
    const answered = new Deferred<Response>()
    await serve(() => answered.promise)
    const { ended } = await send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\nhello\r\n\r\n')
    expect(await ended).toBe('')
  })
})

test('any bytes get an answer or an end of the connection, and the next client is served', async () => {
  await serveApp(never)
  const valid = hello('one')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.nat(valid.length), fc.uint8Array({ maxLength: 20 }), fc.nat(20))
      .map(([at, piece, gone]) =>
        Buffer.concat([
          Buffer.from(valid.slice(0, at)),
          piece,
          Buffer.from(valid.slice(at + gone)),
        ]),
      ),
  )
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const { socket } = await send(sent)
      socket.end()
      const { ended } = await send(
        'GET /health HTTP/1.1\r\nHost: localhost\r\nconnection: close\r\n\r\n',
      )
      expect(await ended).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"status":"ok"/)
      socket.destroy()
    }),
    { numRuns: 60 },
  )
})
