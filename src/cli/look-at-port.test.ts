import { createServer, type RequestListener } from 'node:http'
import { createServer as createPlainServer, type Server } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { lookAtPort } from './look-at-port.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(server: Server): Promise<{ host: string; port: number }> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

const web = (answer: RequestListener): Server => createServer(answer)

test('a port on which nothing listens is free', async () => {
  const server = createPlainServer()
  const config = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  expect(await lookAtPort(config)).toEqual({ kind: 'free' })
})

test('a port of another program is taken', async () => {
  const config = await listening(web((_, response) => response.end('Hello!')))
  expect(await lookAtPort(config)).toEqual({ kind: 'taken' })
})

test('a port of a server of this program is known by its version', async () => {
  const health = { status: 'ok', version: '1.2.3', uptime_seconds: 1 }
  const config = await listening(web((_, response) => response.end(JSON.stringify(health))))
  expect(await lookAtPort(config)).toEqual({ kind: 'ours', version: '1.2.3' })
})

test('a port that another look has for a moment is free', async () => {
  const other = createPlainServer((socket) => {
    socket.destroy()
    other.close()
  })
  expect(await lookAtPort(await listening(other))).toEqual({ kind: 'free' })
})

test('many looks at once do not disturb each other', async () => {
  const server = createPlainServer()
  const config = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  const states = await Promise.all(Array.from({ length: 8 }, () => lookAtPort(config)))
  expect(states).toEqual(states.map(() => ({ kind: 'free' })))
})

test('a host that this machine does not have has the reason of the system', async () => {
  expect(await lookAtPort({ host: '192.0.2.1', port: 0 })).toEqual({
    kind: 'refused',
    code: 'EADDRNOTAVAIL',
  })
})
