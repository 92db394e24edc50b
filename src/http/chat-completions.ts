import { checkValues } from '../api/check-values.ts'
import { parseJson, parseMessagesRequest } from '../api/request.ts'
import type { ContentBlock, ReplyMessage } from '../api/types.ts'
import { chatCompletion } from '../openai/chat/reply.ts'
import { parseChatRequest, requestOfChat } from '../openai/chat/request.ts'
import { type ChatStream, createChatStream } from '../openai/chat/stream.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import {
  rememberAnswer,
  type RememberedAnswers,
  restoreAnswers,
} from '../openai/remembered-answers.ts'
import { COMMENT, type SseFormat, sseStream } from '../stream/sse.ts'
import { callerOf } from './caller.ts'
import type { MessagesOptions } from './messages.ts'
import { beginReply, foldReply, idHeaders, STREAM_HEADERS } from './reply.ts'

/**
 * Answers `POST /v1/chat/completions`: the way of `POST /v1/messages`, translated at its two ends.
 *
 * @throws ApiError where the request is wrong or its reply did not begin
 */
export async function postChatCompletion(
  request: Request,
  id: string,
  options: MessagesOptions & { answers: RememberedAnswers },
): Promise<Response> {
  const { answers, bodies, pingInterval, onError } = options
  const chat = parseChatRequest(parseJson(await bodies.read(request)))
  const translated = requestOfChat(chat)
  // Arguments of calls came as text: what is in them was not looked at yet.
  checkValues(translated)
  const asked = parseMessagesRequest(translated)
  const { messages, name } = restoreAnswers(asked, callerOf(request.headers), answers)
  const events = await beginReply({ ...asked, messages }, request, id, options)

  const remember = ({ content }: ReplyMessage): void =>
    rememberAnswer(name, content as unknown as ContentBlock[], answers)
  const headers = idHeaders(id)
  const created = Math.floor(Date.now() / 1000)
  if (chat.stream !== true) {
    const message = await foldReply(events)
    remember(message)
    return Response.json(chatCompletion(message, created), { headers })
  }
  const includeUsage = chat.stream_options?.include_usage === true
  const format = chatFormat(createChatStream({ created, includeUsage }), remember)
  const stream = sseStream(events, { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

/** @param onMessage is called before the client can know that the reply is whole */
function chatFormat(stream: ChatStream, onMessage: (message: ReplyMessage) => void): SseFormat {
  return {
    event: (event) => {
      const text = stream.push(event).map(dataOf).join('')
      if (event.type !== 'message_stop') return text
      onMessage(stream.message())
      return `${text}data: [DONE]\n\n`
    },
    error: (error) => dataOf(openaiErrorBody(error)),
    ping: COMMENT,
  }
}

function dataOf(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}
