import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
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
  const failure = errorFor(error.code)
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
