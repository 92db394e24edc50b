import { ApiError } from '../errors.ts'
import { atOnce, type Steps } from '../steps.ts'
import { checkConversation } from './conversation.ts'
import { checkRequestShape } from './request-shape.ts'
import type { MessagesRequest } from './types.ts'

export type { MessagesRequest } from './types.ts'

/**
 * Checks that a body is a Messages request. Rules that depend on a model or an account (limits of
 * values, names of models, prefill) are left to the API.
 *
 * @returns the body itself: same keys, same order, unknown fields untouched
 * @throws ApiError `invalid_request_error` that names the first field that is wrong
 */
export function* checkMessagesRequest(body: unknown): Steps<MessagesRequest> {
  yield* checkRequestShape(body)
  const request = body as MessagesRequest
  checkLength('messages', request.messages, MAX_MESSAGES)
  checkLength('tools', request.tools, MAX_TOOLS)
  yield* checkConversation(request.messages)
  return request
}

/** The same without pauses, for a body that is known to be small. */
export function parseMessagesRequest(body: unknown): MessagesRequest {
  return atOnce(checkMessagesRequest(body))
}

/** The API's own limit: https://platform.claude.com/docs/en/api/messages (`messages`) */
const MAX_MESSAGES = 100_000

/**
 * The API's tool search is made for thousands of them:
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool
 */
const MAX_TOOLS = 10_000

function checkLength(field: string, list: readonly unknown[] | undefined, most: number): void {
  if ((list?.length ?? 0) <= most) return
  throw new ApiError('invalid_request_error', `${field}: List should have at most ${most} items`)
}
