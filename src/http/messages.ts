import { checkMessagesRequest } from '../api/request.ts'
import { inSteps } from '../steps.ts'
import { sseStream } from '../stream/sse.ts'
import type { Bodies } from './bodies.ts'
import { beginReply, type ReplyOptions, STREAM_HEADERS } from './reply.ts'

export { type Ask, type RequestFacts, STREAM_HEADERS } from './reply.ts'

export type MessagesOptions = ReplyOptions & {
  bodies: Bodies
  /** Milliseconds. */
  pingInterval: number
  onError: (error: unknown) => void
}

/**
 * Answers `POST /v1/messages`. The status line waits for the first event, so that an earlier error
 * gets its true status, streamed or not.
 *
 * @throws ApiError if the request is wrong or its reply did not begin
 */
export async function postMessages(
  request: Request,
  id: string,
  options: MessagesOptions,
): Promise<Response> {
  const body = await inSteps(checkMessagesRequest(await options.bodies.readJson(request)))
  const reply = await beginReply(body, request, id, options)
  const headers = { 'request-id': id }
  if (body.stream !== true) return Response.json(await reply.whole(), { headers })
  const { pingInterval, onError } = options
  const stream = sseStream(reply, { pingInterval, onError, requestId: id })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}
