import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

export type Sent = {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: unknown
}

export type Received = { status: number; headers: IncomingHttpHeaders; text: string }

/** Sends a request to a port of this machine with any headers, `Host` and `Origin` included. */
export function send(port: number, { method, path, headers, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent: false,
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        path: path ?? (body === undefined ? NO_ROUTE : '/v1/messages'),
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        text(response).then(
          (whole) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: whole,
            }),
          reject,
        )
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** A path without a route: a request that passes all checks gets a 404. */
export const NO_ROUTE = '/no/such/route'

/** The smallest request for a message. */
export const HELLO = {
  model: 'claude-sonnet-4-6',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Hello' }],
}
