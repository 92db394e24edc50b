import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { HttpBindings } from '@hono/node-server'

import { CLIENT_LEFT_STATUS } from '../refusals.ts'

export type Fetch = (request: Request) => Response | Promise<Response>

/**
 * Maximum requests that a connection may send ahead (pipelining). No client of the API does that on
 * purpose.
 */
const MAX_WAITING = 100

type Line = { waiting: number; last: Promise<void> | undefined }

/**
 * Serves the requests of a connection one after another, in the order of their answers. So a client
 * that sends many requests ahead causes only one request upstream at a time, and none after it has
 * left. A connection that sends more than the limit is closed.
 */
export function inTurn(
  fetch: Fetch,
): (request: Request, http: HttpBindings) => Response | Promise<Response> {
  const lines = new WeakMap<Socket, Line>()
  return (request, { incoming, outgoing }) => {
    const { socket } = incoming
    const line = lines.get(socket) ?? { waiting: 0, last: undefined }
    lines.set(socket, line)
    const before = line.last
    line.last = closed(outgoing)
    if (before === undefined) return fetch(request)
    line.waiting += 1
    if (line.waiting > MAX_WAITING) socket.destroy()
    return before.then(() => {
      line.waiting -= 1
      return isGone(incoming) ? new Response(null, { status: CLIENT_LEFT_STATUS }) : fetch(request)
    })
  }
}

function closed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => outgoing.once('close', resolve))
}

function isGone({ socket }: IncomingMessage): boolean {
  return socket.destroyed
}
