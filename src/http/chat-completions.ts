import { CallIds } from '../openai/call-ids.ts'
import { chatCompletion, chatUsage, sumUsage } from '../openai/chat/reply.ts'
import { CHAT_NAMES, callStyleOf, parseChatRequest, requestOfChat } from '../openai/chat/request.ts'
import { type ChatStream, createChatStream } from '../openai/chat/stream.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { COMMENT, type SseFormat, sseStream } from '../stream/sse.ts'
import { type ChoiceEvent, mergeChoices } from './choices.ts'
import { STREAM_HEADERS } from './reply.ts'
import { askTranslated, type DialectOptions, foldReplies, type Replies } from './translated.ts'

/**
 * Answers `POST /v1/chat/completions`: the same as `POST /v1/messages`, with a translated request
 * and reply. Each choice is a turn of its own.
 *
 * @throws ApiError if the request is wrong or its reply did not begin
 */
export async function postChatCompletion(
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Response> {
  const { bodies, pingInterval, onError } = options
  const chat = parseChatRequest(await bodies.readJson(request))
  const callIds = new CallIds()
  const count = chat.n ?? 1
  const translated = { request: requestOfChat(chat, callIds), count, fieldNames: CHAT_NAMES }
  const begun = await askTranslated(translated, request, id, options).catch((error: unknown) => {
    throw callIds.restored(error)
  })
  const { headers } = begun

  const style = callStyleOf(chat)
  const created = Math.floor(Date.now() / 1000)
  const ownId = count > 1 ? id.replace(/^req/, 'chatcmpl') : undefined
  if (chat.stream !== true) {
    const messages = await foldReplies(begun)
    const completionId = ownId ?? messages[0]?.id ?? id
    return Response.json(chatCompletion(messages, { id: completionId, created, style }), {
      headers,
    })
  }
  const includeUsage = chat.stream_options?.include_usage === true
  const choices = begun.replies.map((reply, index) =>
    createChatStream({ id: ownId, created, includeUsage, index, style, reply }),
  )
  const format = chatFormat(choices, includeUsage, begun.remember)
  const stream = sseStream(mergeChoices(begun.replies), { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

function chatFormat(
  choices: readonly ChatStream[],
  includeUsage: boolean,
  remember: Replies['remember'],
): SseFormat {
  let open = choices.length
  return {
    event: (merged) => {
      const { index, event } = merged as ChoiceEvent
      const choice = choices[index]
      if (choice === undefined) throw new Error(`There is no choice ${index}.`)
      const text = choice.push(event).map(dataOf).join('')
      if (event.type !== 'message_stop') return text
      remember(choice.message(), index)
      open -= 1
      return open === 0 ? `${text}${lastLines()}` : text
    },
    error: (error) => dataOf(openaiErrorBody(error)),
    ping: COMMENT,
  }

  function lastLines(): string {
    const [first] = choices
    if (!includeUsage || first === undefined) return DONE
    const usage = sumUsage(choices.map((choice) => chatUsage(choice.message())))
    return `${dataOf(first.usageChunk(usage))}${DONE}`
  }
}

const DONE = 'data: [DONE]\n\n'

function dataOf(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}
