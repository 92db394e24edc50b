import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import { type WebSocket, WebSocketServer } from 'ws'

import type { Fetch } from './in-turn.ts'
import { type MessageSocket, offerUpgrade, takenOffer } from './upgrade.ts'

export type WebSockets = {
  /** Ends each socket after its current response. */
  close: () => void
  /** Ends all at once. */
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
 * Serves requests for a WebSocket. Each goes through the routes first, as any other: a route that
 * takes it gets the socket, and an error is sent as usual.
 */
export function acceptWebSockets(
  server: Server,
  fetch: Fetch,
  { maxMessageSize, onError }: WebSocketsOptions,
): WebSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageSize })
  const finishers = new Map<WebSocket, () => void>()

  async function accept(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const request = requestOf(incoming)
    offerUpgrade(request)
    const response = await fetch(request)
    const handler = takenOffer(request)
    if (handler === undefined) {
      await refuse(socket, response)
      return
    }
    sockets.handleUpgrade(incoming, socket, head, (opened) => {
      finishers.set(opened, handler(messageSocket(opened)))
      opened.once('close', () => finishers.delete(opened))
      keepAlive(opened)
    })
  }

  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    accept(incoming, socket, head).catch((error: unknown) => {
      onError(error)
      socket.destroy()
    })
  })
  return {
    close: () => {
      for (const finish of finishers.values()) finish()
    },
    cut: () => {
      for (const opened of finishers.keys()) opened.terminate()
    },
  }
}

function requestOf({ url = '/', headers }: IncomingMessage): Request {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), { headers: entries })
}

/** Sends a plain response on a connection that is not upgraded. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  // A route without WebSocket support may have answered: then there is no socket.
  const status = response.ok ? 426 : response.status
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${status} Refused\r\n${headers.join('')}content-length: ${body.length}\r\nconnection: close\r\n\r\n`,
      ),
      body,
    ]),
  )
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
