import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { createAdaptorServer } from '@hono/node-server'

export type Listener = {
  port: number
  /** Takes no more connections and resolves when all that were open are closed. */
  close: () => Promise<void>
  /** Closes the connections that are still open. */
  cut: () => void
}

const SWEEP_MILLISECONDS = 50

/**
 * Listens on a port.
 *
 * @throws the system's error (`EADDRINUSE`, `EACCES`, …) where it can't
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { port, host }: { port: number; host: string },
): Promise<Listener> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // A connection that is kept alive becomes idle only when its last response is out.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MILLISECONDS)
        server.close(() => {
          clearInterval(sweep)
          resolve()
        })
      }),
    cut: () => server.closeAllConnections(),
  }
}
