import { CHAT_NAMES, requestOfChat } from '../openai/chat/request.ts'
import {
  completion,
  completionChunks,
  type CompletionHead,
  lastChunk,
  usageChunk,
} from '../openai/completions/reply.ts'
import { chatOf, parseCompletionRequest, promptsOf } from '../openai/completions/request.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { COMMENT, type SseFormat, sseStream } from '../stream/sse.ts'
import { type ChoiceEvent, mergeChoices } from './choices.ts'
import { STREAM_HEADERS } from './reply.ts'
import { askAll, type DialectOptions, foldReplies, type Replies } from './translated.ts'

/**
 * Answers `POST /v1/completions`, the older dialect: each prompt becomes one user message.
 *
 * @throws ApiError if the request is wrong or its reply did not begin
 */
export async function postCompletion(
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Response> {
  const { bodies, pingInterval, onError } = options
  const body = parseCompletionRequest(await bodies.readJson(request))
  const prompts = promptsOf(body)
  const count = body.n ?? 1
  const begun = await askAll(
    prompts.map((prompt) => ({
      request: requestOfChat(chatOf(body, prompt)),
      count,
      fieldNames: CHAT_NAMES,
    })),
    request,
    id,
    options,
  )
  const { headers } = begun
  const echoed = body.echo === true ? prompts.flatMap((prompt) => Array(count).fill(prompt)) : []
  const head = {
    id: id.replace(/^req/, 'cmpl'),
    model: options.modelOf(body.model),
    created: Math.floor(Date.now() / 1000),
  }
  if (body.stream !== true) {
    return Response.json(completion(await foldReplies(begun), head, echoed), { headers })
  }
  const includeUsage = body.stream_options?.include_usage === true
  const format = completionFormat(begun, head, echoed, includeUsage)
  const stream = sseStream(mergeChoices(begun.replies), { format, pingInterval, onError })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

function completionFormat(
  { replies }: Replies,
  head: CompletionHead,
  echoed: readonly string[],
  includeUsage: boolean,
): SseFormat {
  let open = replies.length
  return {
    event: (merged) => {
      const { index, event } = merged as ChoiceEvent
      const reply = replies[index]
      if (reply === undefined) throw new Error(`There is no choice ${index}.`)
      const chunks = completionChunks(event, index, head, echoed[index] ?? '')
      if (event.type !== 'message_stop') return chunks.map(dataOf).join('')
      open -= 1
      const text = dataOf(lastChunk(reply.message(), index, head))
      if (open > 0) return text
      const usage = includeUsage
        ? dataOf(
            usageChunk(
              replies.map((one) => one.message()),
              head,
            ),
          )
        : ''
      return `${text}${usage}data: [DONE]\n\n`
    },
    error: (error) => dataOf(openaiErrorBody(error)),
    ping: COMMENT,
  }
}

function dataOf(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`
}
