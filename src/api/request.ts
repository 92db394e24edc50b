import { ApiError } from '../errors.ts'
import { checkConversation } from './conversation.ts'
import { messagesRequestSchema } from './schema.ts'
import type { MessagesRequest } from './types.ts'
import { describeIssue, validationMessage } from './validation-message.ts'

export type { MessagesRequest } from './types.ts'

/**
 * Checks that a body is a Messages request. What needs a model or an account to decide (limits of
 * values, names of models, prefill) is left to the API.
 *
 * @returns the body itself: same keys, same order, unknown fields untouched
 * @throws ApiError `invalid_request_error` that names the first field that is wrong
 */
export function parseMessagesRequest(body: unknown): MessagesRequest {
  const { error } = messagesRequestSchema.safeParse(body, { error: describeIssue })
  const issue = error?.issues[0]
  if (issue) throw new ApiError('invalid_request_error', validationMessage(issue))
  const request = body as MessagesRequest
  checkConversation(request.messages)
  return request
}
