import { checkMessagesRequest } from '../api/request.ts'
import type { MessagesRequest } from '../api/types.ts'
import { inSteps } from '../steps.ts'
import type { Bodies } from './bodies.ts'

export type CountTokensOptions = {
  /** Throws an ApiError if the API did not count. */
  countTokens: (request: MessagesRequest, signal: AbortSignal) => Promise<number>
  bodies: Bodies
}

/**
 * Answers `POST /v1/messages/count_tokens`.
 *
 * @throws ApiError if the request is wrong, or was not counted
 */
export async function postCountTokens(
  request: Request,
  { countTokens, bodies }: CountTokensOptions,
): Promise<{ input_tokens: number }> {
  const body = await inSteps(checkMessagesRequest(await bodies.readJson(request)))
  return { input_tokens: await countTokens(body, request.signal) }
}
