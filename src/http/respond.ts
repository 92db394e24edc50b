import type { Context } from 'hono'

import { ApiError } from '../errors.ts'

/** The response for anything that was thrown. What is not meant for the client stays here. */
export function errorResponse(context: Context, error: unknown): Response {
  const requestId: string = context.get('requestId')
  const shown =
    error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
  const headers = new Headers({
    'content-type': 'application/json',
    'request-id': shown.requestId ?? requestId,
  })
  if (shown.retryAfter !== undefined) headers.set('retry-after', String(shown.retryAfter))
  return new Response(JSON.stringify(shown.body(requestId)), { status: shown.status, headers })
}
