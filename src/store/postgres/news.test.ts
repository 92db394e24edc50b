import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

import { Client } from 'pg'
import { expect, test } from 'vitest'

import { until } from '../../../test/support/until.ts'
import { News } from './news.ts'

/** The messages of the protocol after which a client counts as connected. */
const AUTHENTICATION_OK = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0])
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

test('a database that accepts connections, but answers no query, is asked again over another one', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => {})
    socket.once('data', () => socket.write(Buffer.concat([AUTHENTICATION_OK, READY_FOR_QUERY])))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const settings = { host: '127.0.0.1', port, user: 'test', query_timeout: 100 }
  const problems: unknown[] = []
  const news = new News(
    () => new Client(settings),
    (error) => problems.push(error),
  )
  news.onNews(() => {})
  await until(() => connections === 3)
  await news.close()
  // The first of several in a row is reported.
  expect(problems).toMatchObject([{ message: expect.stringMatching(/timeout/) as string }])
  server.close()
  await once(server, 'close')
})
