import { createServer, type RequestListener } from 'node:http'

import { afterEach, expect, test } from 'vitest'

import { alreadyRunning } from './already-running.ts'

const IN_USE = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })

let stop: () => void = () => {}

afterEach(() => stop())

async function serverThat(answers: RequestListener): Promise<{ host: string; port: number }> {
  const server = createServer(answers)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = () => void server.close()
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

test('a port in use by a server of this program is explained', async () => {
  const health = { status: 'ok', version: '1.2.3', uptime_seconds: 7 }
  const config = await serverThat((_, response) => response.end(JSON.stringify(health)))
  expect((await alreadyRunning(IN_USE, config))?.message).toBe(
    `claude-sub-proxy 1.2.3 is already running at http://localhost:${config.port}: use it, stop it, or choose another port with --port`,
  )
  expect(await alreadyRunning(new Error('another fault'), config)).toBeUndefined()
})

test('a port in use by another program gets no such explanation', async () => {
  const config = await serverThat((_, response) => response.end('Hello!'))
  expect(await alreadyRunning(IN_USE, config)).toBeUndefined()
})
