import { parseMessagesRequest } from '../api/request.ts'
import type { MessagesRequest, ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'

/** What the requests of a batch are asked as, by its endpoint. */
export type Endpoint = {
  /**
   * The request to ask.
   *
   * @throws ApiError 400 where it is wrong
   */
  requestOf: (params: unknown) => MessagesRequest
  /** The answer, in the words of the endpoint's API. */
  answerOf: (message: ReplyMessage) => object
}

const MESSAGES: Endpoint = {
  requestOf(params) {
    const request = parseMessagesRequest(params)
    if (request.stream === true) {
      throw new ApiError('invalid_request_error', 'stream: requests of a batch are not streamed')
    }
    return request
  },
  answerOf: (message) => message,
}

export const MESSAGES_PATH = '/v1/messages'

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([[MESSAGES_PATH, MESSAGES]])

/** The endpoint of a path, which a batch was let in with. */
export function endpointAt(path: string): Endpoint {
  const endpoint = ENDPOINTS.get(path)
  if (endpoint === undefined) throw new Error(`${path} is no endpoint of batches.`)
  return endpoint
}
