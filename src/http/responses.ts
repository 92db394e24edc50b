import { checkValues } from '../api/check-values.ts'
import { parseJson, parseMessagesRequest } from '../api/request.ts'
import type { ContentBlock, ReplyMessage } from '../api/types.ts'
import {
  rememberAnswer,
  type RememberedAnswers,
  restoreAnswers,
} from '../openai/remembered-answers.ts'
import { type ResponseHead, responseOf } from '../openai/responses/reply.ts'
import { parseResponsesRequest, requestOfResponse } from '../openai/responses/request.ts'
import { ResponseStream } from '../openai/responses/stream.ts'
import { COMMENT, encodeEvent, type SseFormat, sseStream } from '../stream/sse.ts'
import { callerOf } from './caller.ts'
import type { MessagesOptions } from './messages.ts'
import { beginReply, idHeaders, STREAM_HEADERS } from './reply.ts'
import type { ResponseStore } from './response-store.ts'

export type ResponsesOptions = MessagesOptions & {
  answers: RememberedAnswers
  store: ResponseStore
}

/**
 * Answers `POST /v1/responses`: the way of `POST /v1/messages`, translated at its two ends.
 *
 * @throws ApiError where the request is wrong, what it goes on from is not remembered, or its reply
 * did not begin
 */
export async function postResponse(
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const { answers, bodies, pingInterval, onError } = options
  const body = parseResponsesRequest(parseJson(await bodies.read(request)))
  const caller = callerOf(request.headers)
  const store = options.store.of(caller)
  const past = store.past(body.previous_response_id)
  const { request: translated, added } = requestOfResponse(body, past, (itemId) =>
    store.item(itemId),
  )
  // Arguments of calls came as text: what is in them was not looked at yet.
  checkValues(translated)
  const asked = parseMessagesRequest(translated)
  const { messages, name } = restoreAnswers(asked, caller, answers)
  const reply = await beginReply({ ...asked, messages }, request, id, options)

  const head: ResponseHead = {
    id: id.replace(/^req/, 'resp'),
    request: body,
    createdAt: Math.floor(Date.now() / 1000),
  }
  const remember = (message: ReplyMessage): void => {
    const content = message.content as unknown as ContentBlock[]
    rememberAnswer(name, content, answers)
    if (body.store === false) return
    const { system, messages: sent } = added
    const answer = content.length > 0 ? [{ role: 'assistant' as const, content }] : []
    store.add({
      response: responseOf(message, head),
      added: { system, messages: [...sent, ...answer] },
    })
  }
  const headers = idHeaders(id)
  if (body.stream !== true) {
    const message = await reply.whole()
    remember(message)
    return Response.json(responseOf(message, head), { headers })
  }
  const format = responsesFormat(new ResponseStream(head, reply), () => remember(reply.message()))
  const stream = sseStream(reply, { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

/** @param onWhole is called before the client can know that the reply is whole */
function responsesFormat(stream: ResponseStream, onWhole: () => void): SseFormat {
  return {
    event: (event) => {
      const text = stream.push(event).map(encodeEvent).join('')
      if (event.type === 'message_stop') onWhole()
      return text
    },
    error: (error) => stream.fail(error).map(encodeEvent).join(''),
    ping: COMMENT,
  }
}
