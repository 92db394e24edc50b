import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

import type { Config } from '../config/config.ts'
import type { PortState } from './facts.ts'
import { versionOfServer } from './server.ts'

/** Number of times that a port in use is tried again, and the longest time before each, in milliseconds. */
const TRIES = 10
const LONGEST_PAUSE = 150

/**
 * Looks whether a server could listen. To know it, this function listens for a moment, and so does
 * another `doctor`: a port is in use only if it stays in use.
 */
export async function lookAtPort(config: Pick<Config, 'host' | 'port'>): Promise<PortState> {
  const code = await faultOfListening(config)
  if (code === undefined) return { kind: 'free' }
  if (code !== 'EADDRINUSE') return { kind: 'refused', code }
  const version = await versionOfServer(config)
  if (version !== undefined) return { kind: 'ours', version }
  for (let number = 0; number < TRIES; number += 1) {
    // A random time, so that two programs do not meet again and again.
    await wait(Math.random() * LONGEST_PAUSE)
    if ((await faultOfListening(config)) === undefined) return { kind: 'free' }
  }
  return { kind: 'taken' }
}

/** The system's code; undefined if listening is possible. */
function faultOfListening({
  host,
  port,
}: Pick<Config, 'host' | 'port'>): Promise<string | undefined> {
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => settle(undefined)))
  })
}
