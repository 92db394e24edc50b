import type { Context } from 'hono'

import { ApiError } from '../errors.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { isOpenaiPath } from './openai-paths.ts'

/** The response for anything that was thrown. What is not meant for the client stays here. */
export function errorResponse(context: Context, error: unknown): Response {
  const shown =
    error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
  const requestId: string = shown.requestId ?? context.get('requestId')
  const headers = new Headers({ 'content-type': 'application/json', 'request-id': requestId })
  if (shown.retryAfter !== undefined) headers.set('retry-after', String(shown.retryAfter))
  const isOpenai = isOpenaiPath(context.req.path)
  if (isOpenai) headers.set('x-request-id', requestId)
  const body = isOpenai ? openaiErrorBody(shown) : shown.body(requestId)
  return new Response(JSON.stringify(body), { status: shown.status, headers })
}
