import type { Context } from 'hono'

import { ApiError } from '../errors.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { isOpenaiPath } from './openai-paths.ts'

/** The response for any thrown value, without details that are not meant for the client. */
export function errorResponse(context: Context, error: unknown): Response {
  const shown =
    error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
  const { requestId: apisOwn, retryAfter } = shown
  const requestId: string =
    apisOwn !== undefined && VISIBLE.test(apisOwn) ? apisOwn : context.get('requestId')
  const headers = new Headers({ 'content-type': 'application/json', 'request-id': requestId })
  if (retryAfter !== undefined && retryAfter >= 0) headers.set('retry-after', String(retryAfter))
  const isOpenai = isOpenais(context)
  if (isOpenai) headers.set('x-request-id', requestId)
  const body = isOpenai ? openaiErrorBody(shown) : bodyFor(context.req.path, shown, requestId)
  return new Response(JSON.stringify(body), {
    status: isError(shown.status) ? shown.status : BAD_GATEWAY,
    headers,
  })
}

/** Files are a route of both APIs: the header of Anthropic's clients tells which one is meant. */
function isOpenais({ req }: Context): boolean {
  if (req.path !== '/v1/files' && !req.path.startsWith('/v1/files/')) return isOpenaiPath(req.path)
  return req.header('anthropic-version') === undefined
}

function bodyFor(path: string, error: ApiError, requestId: string): object {
  if (path.startsWith(OLLAMA_PREFIX)) return { error: error.message }
  return error.body(requestId)
}

/** The prefix of the paths of Ollama's API. */
const OLLAMA_PREFIX = '/api/'

/** Text that is valid in a header. The API's ids always are; a gateway's may not be. */
const VISIBLE = /^[\x21-\x7E]{1,200}$/

/** Replaces a status that is not an HTTP error status. */
const BAD_GATEWAY = 502

function isError(status: number): boolean {
  return status >= 400 && status <= 599
}
