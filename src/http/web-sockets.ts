import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import { type WebSocket, WebSocketServer } from 'ws'

import { ApiError } from '../errors.ts'
import type { Fetch } from './in-turn.ts'
import { servePlainly } from './plain-again.ts'
import { newRequestId } from './request-id.ts'
import { failureResponse } from './unreadable.ts'
import { type MessageSocket, offerUpgrade, takenOffer } from './upgrade.ts'

export type WebSockets = {
  /** Ends each socket after its current response. */
  close: () => void
  /** Ends all sockets at once. */
  cut: () => void
}

export type WebSocketsOptions = {
  /** Bytes of the largest message that a client may send. */
  maxMessageSize: number
  onError: (error: unknown) => void
}

/**
 * Milliseconds between two pings. A client that does not answer a ping before the next one is
 * disconnected.
 */
const PING_INTERVAL = 30_000

/**
 * Serves requests for a WebSocket. Each goes through the routes first, like any other request. A
 * route that accepts it gets the socket; an error is sent as usual.
 */
export function acceptWebSockets(
  server: Server,
  fetch: Fetch,
  { maxMessageSize, onError }: WebSocketsOptions,
): WebSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageSize })
  const finishers = new Map<WebSocket, () => void>()
  /** Connections that are no WebSocket yet, or never will be. */
  const others = new Set<Duplex>()
  let isClosing = false

  async function accept(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const request = requestOf(incoming)
    if (request === undefined) {
      await refuse(socket, failureResponse(true))
      return
    }
    offerUpgrade(request)
    const response = await fetch(request)
    const handler = takenOffer(request)
    if (handler === undefined) {
      await refuse(socket, response.ok ? await noWebSocket(response) : response)
      return
    }
    sockets.handleUpgrade(incoming, socket, head, (opened) => {
      others.delete(socket)
      const finish = handler(messageSocket(opened))
      finishers.set(opened, finish)
      opened.once('close', () => finishers.delete(opened))
      keepAlive(opened)
      if (isClosing) finish()
    })
  }

  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!asksForWebSocket(incoming)) {
      servePlainly(server, incoming, socket, head)
      return
    }
    others.add(socket)
    socket.once('close', () => others.delete(socket))
    socket.on('error', () => socket.destroy())
    accept(incoming, socket, head).catch((error: unknown) => {
      onError(error)
      socket.destroy()
    })
  })
  return {
    close: () => {
      isClosing = true
      for (const finish of finishers.values()) finish()
    },
    cut: () => {
      for (const opened of finishers.keys()) opened.terminate()
      for (const socket of others) socket.destroy()
    },
  }
}

/** Other wishes for an upgrade are ignored. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** @returns undefined if no URL can be made of it */
function requestOf({ url = '/', headers }: IncomingMessage): Request | undefined {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  const base = `http://${headers.host ?? 'localhost'}`
  return URL.canParse(url, base) ? new Request(new URL(url, base), { headers: entries }) : undefined
}

/** The answer of a route that has answered as usual. Its stream may have no end. */
async function noWebSocket({ body }: Response): Promise<Response> {
  await body?.cancel()
  const error = new ApiError('invalid_request_error', 'This address has no WebSocket.', {
    status: 426,
  })
  return Response.json(error.body(newRequestId()), { status: error.status })
}

/** Sends a plain response on a connection that is not upgraded, and closes it. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(
    `HTTP/1.1 ${response.status} Refused\r\n${headers.join('')}content-length: ${body.length}\r\nconnection: close\r\n\r\n`,
  )
  // A client that does not close its side would keep the connection for ever.
  socket.end(Buffer.concat([head, body]), () => socket.destroy())
}

function messageSocket(opened: WebSocket): MessageSocket {
  const controller = new AbortController()
  opened.once('close', () => controller.abort())
  // An error is followed by a close.
  opened.on('error', () => {})
  return {
    send: (text) =>
      new Promise((resolve) => {
        opened.send(text, () => resolve())
      }),
    close: (code, reason) => opened.close(code, reason),
    onMessage: (listener) =>
      opened.on('message', (data: Buffer) => listener(data.toString('utf8'))),
    signal: controller.signal,
  }
}

function keepAlive(opened: WebSocket): void {
  let isAlive = true
  opened.on('pong', () => (isAlive = true))
  const timer = setInterval(() => {
    if (!isAlive) opened.terminate()
    isAlive = false
    opened.ping()
  }, PING_INTERVAL)
  timer.unref()
  opened.once('close', () => clearInterval(timer))
}
