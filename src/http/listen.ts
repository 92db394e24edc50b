import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import { getRequestListener, RequestError } from '@hono/node-server'

import { connectionLimit, readDescriptorLimit } from './connection-limit.ts'
import { type Fetch, inTurn } from './in-turn.ts'
import { acceptWebSockets, asksForWebSocket } from './web-sockets.ts'
import {
  answerConnect,
  answerExpectation,
  answerUnreadable,
  type Exchange,
  failureResponse,
  unknownCodingResponse,
} from './unreadable.ts'

export type Listener = {
  port: number
  /** Accepts no more connections, and resolves when all open ones are closed. */
  close: () => Promise<void>
  /** Closes the connections that are still open. */
  cut: () => void
}

export type ListenOptions = {
  port: number
  host: string
  /** Bytes of the largest message over a WebSocket. */
  maxBodySize?: number
  onError: (error: unknown) => void
  limits?: Partial<ConnectionLimits>
}

/** Time limits of a connection, in milliseconds. None of them limits the duration of a reply. */
export type ConnectionLimits = {
  /** From the first byte of a request, or from the connection, to the end of the headers. */
  headers: number
  /** From the first byte of a request to the end of its body. Batches and files have 256 and 500 MB. */
  request: number
  /** How long a connection is kept for the next request. */
  idle: number
  /** How long a client may leave an answer unread. */
  unread: number
}

const SECOND = 1000

/**
 * Longer than clients (5 s in httpx, 4 s in undici) and reverse proxies (60 s in nginx) keep idle
 * connections, so that the other side closes first. A request that meets a closing connection would
 * be lost.
 */
const LIMITS: ConnectionLimits = {
  headers: 30 * SECOND,
  request: 3600 * SECOND,
  idle: 75 * SECOND,
  unread: 300 * SECOND,
}

const SWEEP_MILLISECONDS = 50

const DEFAULT_MESSAGE_SIZE = 32_000_000

/**
 * Listens on a port.
 *
 * @throws the system's error (`EADDRINUSE`, `EACCES`, …) if it can't listen
 */
export async function listen(
  fetch: Fetch,
  { port, host, maxBodySize = DEFAULT_MESSAGE_SIZE, onError, limits }: ListenOptions,
): Promise<Listener> {
  const { headers, request, idle, unread } = { ...LIMITS, ...limits }
  const options = {
    headersTimeout: headers,
    requestTimeout: request,
    keepAliveTimeout: idle,
    connectionsCheckingInterval: Math.min(headers, 5 * SECOND),
    // Node.js 20 does not know this option: see `servePlainly`.
    shouldUpgradeCallback: asksForWebSocket,
  }
  const server = createServer(options)
  server.maxConnections = connectionLimit(readDescriptorLimit())
  const answer = requestListener(fetch, onError)
  const exchanges = new WeakMap<object, Exchange[]>()
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const inProgress = exchanges.get(incoming.socket) ?? []
    exchanges.set(incoming.socket, inProgress)
    inProgress.push({ incoming, outgoing })
    // Answers go out in order.
    outgoing.once('close', () => inProgress.shift())
    cutIfUnread(outgoing)
    void answer(incoming, outgoing)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerUnreadable(error, socket, exchanges.get(socket) ?? []),
  )
  server.on('connect', (incoming, socket) =>
    answerConnect(socket, exchanges.get(incoming.socket) ?? []),
  )
  server.on('checkExpectation', (_incoming, outgoing) => answerExpectation(outgoing))
  const sockets = acceptWebSockets(server, fetch, { maxMessageSize: maxBodySize, onError })
  server.timeout = unread
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      // From now on, an error concerns a single connection.
      server.on('error', onError)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // A kept-alive connection becomes idle only when its last response was sent.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MILLISECONDS)
        sockets.close()
        server.close(() => {
          clearInterval(sweep)
          resolve()
        })
      }),
    cut: () => {
      sockets.cut()
      server.closeAllConnections()
    },
  }
}

function requestListener(
  fetch: Fetch,
  onError: (error: unknown) => void,
): ReturnType<typeof getRequestListener> {
  const serve = inTurn(fetch)
  return getRequestListener(
    (request, http) => {
      const bindings = http as Parameters<typeof serve>[1]
      const coding = bindings.incoming.headers['transfer-encoding'] ?? 'chunked'
      if (coding.trim().toLowerCase() !== 'chunked') return unknownCodingResponse()
      return serve(request, bindings)
    },
    {
      overrideGlobalObjects: false,
      // HTTP/1.0 has no `Host`: HAProxy's checks come without one.
      hostname: 'localhost',
      errorHandler: (error) => {
        const isUnreadable = error instanceof RequestError
        if (!isUnreadable) onError(error)
        return failureResponse(isUnreadable)
      },
    },
  )
}

/**
 * Node destroys a connection that is idle for `server.timeout` unless `timeout` has a listener.
 * Silence is normal while the model thinks, so the connection is cut only if bytes wait to be read.
 */
function cutIfUnread(outgoing: ServerResponse): void {
  outgoing.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy()
  })
}
