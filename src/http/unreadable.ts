import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { STATUS_CODES } from 'node:http'

import { ApiError } from '../errors.ts'
import { newRequestId } from './request-id.ts'

/** A request and its answer. */
export type Exchange = { incoming: IncomingMessage; outgoing: ServerResponse }

/**
 * Answers, in the API's form, a request that cannot be parsed or did not come in time, and closes
 * the connection. If the answer could be mistaken for the answer to an earlier request, it only
 * closes the connection.
 *
 * @param error of the server's `clientError`
 * @param exchanges in progress on the connection, the oldest first
 */
export function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Socket,
  exchanges: readonly Exchange[],
): void {
  const isAnswered = exchanges.some(
    ({ incoming, outgoing }) => incoming.complete || outgoing.headersSent,
  )
  if (!socket.writable || isAnswered) {
    socket.destroy()
    return
  }
  endWith(errorFor(error.code), socket)
}

/**
 * Answers a `CONNECT` in the same form: the program takes this server for a proxy to other hosts, for
 * example because its address is in `HTTPS_PROXY`.
 *
 * @param exchanges in progress on the connection
 */
export function answerConnect(socket: Duplex, exchanges: readonly Exchange[]): void {
  if (exchanges.length > 0) socket.destroy()
  else endWith(new ApiError('invalid_request_error', NO_TUNNEL, { status: 405 }), socket)
}

const NO_TUNNEL =
  'This server does not connect to other hosts. Set its address as the base URL of the API, not as a proxy.'

/** Answers a request with an `Expect` header other than `100-continue`. */
export function answerExpectation(outgoing: ServerResponse): void {
  const error = new ApiError(
    'invalid_request_error',
    'expect: the only supported value is 100-continue.',
    { status: 417 },
  )
  const body = JSON.stringify(error.body(newRequestId()))
  outgoing.writeHead(error.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  outgoing.end(body)
}

function endWith(failure: ApiError, socket: Duplex): void {
  const body = JSON.stringify(failure.body(newRequestId()))
  const head = [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status] ?? 'Error'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** The answer if no request could be built, or serving it failed. */
export function failureResponse(isUnreadable: boolean): Response {
  const error = isUnreadable
    ? errorFor(undefined)
    : new ApiError('api_error', 'Internal server error')
  return Response.json(error.body(newRequestId()), { status: error.status })
}

/**
 * The answer to a `transfer-encoding` other than `chunked`: its bytes would be taken for the body.
 */
export function unknownCodingResponse(): Response {
  const error = new ApiError(
    'invalid_request_error',
    'The only supported transfer-encoding is chunked. Declare a compressed body with content-encoding.',
    { status: 501 },
  )
  const headers = { connection: 'close' }
  return Response.json(error.body(newRequestId()), { status: error.status, headers })
}

function errorFor(code: string | undefined): ApiError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ApiError('timeout_error', 'The request did not come in time.', { status: 408 })
    case 'HPE_HEADER_OVERFLOW':
      return new ApiError('invalid_request_error', 'The headers are too large.', { status: 431 })
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new ApiError('request_too_large', 'The chunks of the body are too large.')
    default:
      return new ApiError('invalid_request_error', 'This is not an HTTP request.')
  }
}
