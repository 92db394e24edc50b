import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'

import { afterEach, expect, test } from 'vitest'

import { httpAddress } from '../config/address.ts'
import { Deferred } from '../deferred.ts'
import { type Listener, listen } from './listen.ts'

const LOCAL = { port: 0, host: '127.0.0.1', onError: () => {} }

let listener: Listener | undefined

afterEach(async () => {
  const closed = listener?.close()
  listener?.cut()
  listener = undefined
  await closed
})

test('port 0 picks a free port, which answers', async () => {
  listener = await listen(() => new Response('here'), LOCAL)
  expect(listener.port).toBeGreaterThan(0)
  const response = await fetch(`http://127.0.0.1:${listener.port}/`)
  expect(await response.text()).toBe('here')
})

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

test.each(LOOPBACK_HOSTS)('the reported address answers, for host %s', async (host) => {
  listener = await listen(() => new Response('here'), { ...LOCAL, host })
  const response = await fetch(httpAddress(host, listener.port))
  expect(await response.text()).toBe('here')
})

test('a port in use is an error of the system', async () => {
  listener = await listen(() => new Response(), LOCAL)
  const { port } = listener
  await expect(listen(() => new Response(), { ...LOCAL, port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    port,
  })
})

test('the globals stay unchanged', async () => {
  const before = [globalThis.Request, globalThis.Response]
  listener = await listen(() => new Response(), LOCAL)
  expect([globalThis.Request, globalThis.Response]).toEqual(before)
})

test('close() waits for a request in flight, and refuses others', async () => {
  const arrived = new Deferred<void>()
  const answer = new Deferred<Response>()
  listener = await listen(() => {
    arrived.resolve()
    return answer.promise
  }, LOCAL)
  const { port } = listener
  const asked = textOf(port, '/', new Agent())
  await arrived.promise

  const order: string[] = []
  const closed = listener.close().then(() => order.push('closed'))
  await expect(textOf(port, '/', new Agent())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  order.push('answered')
  answer.resolve(new Response('here'))

  expect(await asked).toBe('here')
  await closed
  expect(order).toEqual(['answered', 'closed'])
})

test(
  'close() does not wait for connections that became idle',
  // Node keeps a connection for 5 seconds.
  { timeout: 4000 },
  async () => {
    const answer = new Deferred<Response>()
    const arrived = new Deferred<void>()
    listener = await listen(() => {
      arrived.resolve()
      return answer.promise
    }, LOCAL)
    const agent = new Agent({ keepAlive: true })
    const asked = textOf(listener.port, '/', agent)
    await arrived.promise

    const closed = listener.close()
    answer.resolve(new Response('here'))

    expect(await asked).toBe('here')
    await closed
    agent.destroy()
  },
)

test('cut() closes connections that are still open', async () => {
  listener = await listen(() => new Promise<Response>(() => {}), LOCAL)
  const socket = connect(listener.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const gone = new Promise((resolve) =>
    socket
      .resume()
      .on('error', () => {})
      .once('close', resolve),
  )
  const closed = listener.close()
  listener.cut()
  await gone
  await closed
})

function textOf(port: number, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve(text)).once('error', reject)
    }).once('error', reject)
  })
}
