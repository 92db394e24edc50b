import { parseJson } from '../api/parse-json.ts'
import { ApiError } from '../errors.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { invalid } from '../openai/invalid.ts'
import { emptyResponse, NO_USAGE, type WireResponse } from '../openai/responses/reply.ts'
import { parseResponsesRequest, type Past } from '../openai/responses/request.ts'
import { ResponseStream } from '../openai/responses/stream.ts'
import { newRequestId } from './request-id.ts'
import {
  beginResponse,
  type PreparedResponse,
  prepareResponse,
  type ResponsesOptions,
  secondsNow,
} from './response-run.ts'
import type { MessageSocket } from './upgrade.ts'

/** Codes of https://www.iana.org/assignments/websocket */
const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
const TOO_BIG = 1009

/** Characters that a message takes beside its text. */
const MESSAGE_OVERHEAD = 100

/**
 * Serves the WebSocket of `GET /v1/responses`: each `response.create` is one response, one after
 * another, with the same events as a stream. This socket can continue the latest response, stored
 * or not.
 *
 * @param request the request that opened the socket
 * @param maxWaiting characters of the messages that may wait for their turn
 * @param optionsNow the options of the client, called for each response: its key may have been
 * removed
 * @returns a function that ends the socket after the current response
 */
export function serveResponsesSocket(
  socket: MessageSocket,
  request: Request,
  maxWaiting: number,
  optionsNow: () => Promise<ResponsesOptions>,
): () => void {
  const waiting: string[] = []
  let waitingSize = 0
  let isWorking = false
  let isEnding = false
  let last: { id: string; past: Past } | undefined

  socket.onMessage((text) => {
    if (isEnding) return
    waiting.push(text)
    waitingSize += sizeOf(text)
    if (waitingSize > maxWaiting) {
      isEnding = true
      socket.close(TOO_BIG, 'Too many messages are waiting.')
    } else if (!isWorking) void work()
  })

  async function work(): Promise<void> {
    isWorking = true
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      waitingSize -= sizeOf(text)
      if (socket.signal.aborted || isEnding) break
      const options = await optionsNow().catch(refuse)
      if (options === undefined) return
      await answer(text, options)
    }
    isWorking = false
    if (isEnding) socket.close(GOING_AWAY, 'The proxy is stopping.')
  }

  /** The key that opened the socket is no longer valid. */
  async function refuse(error: unknown): Promise<undefined> {
    isEnding = true
    for (const event of failure(error, undefined)) await socket.send(JSON.stringify(event))
    socket.close(POLICY_VIOLATION, 'The key is no longer valid.')
  }

  async function answer(text: string, options: ResponsesOptions): Promise<void> {
    let streamId: unknown
    let previous: unknown
    const tell = (event: object): Promise<void> =>
      socket.send(
        JSON.stringify(streamId === undefined ? event : { ...event, stream_id: streamId }),
      )
    let stream: ResponseStream | undefined
    try {
      const { type, stream_id: named, generate, ...fields } = await messageIn(text)
      streamId = named
      previous = fields['previous_response_id']
      if (type !== 'response.create') {
        throw invalid("type: Input should be 'response.create'", 'type')
      }
      const body = parseResponsesRequest({ ...fields, stream: true })
      if (body.background)
        throw invalid('background: not supported over a WebSocket.', 'background')
      const id = newRequestId()
      const local = (known: string) => (known === last?.id ? last.past : undefined)
      const prepared = await prepareResponse(body, id, options, local)
      const { head, translated, past } = prepared
      if (generate === false) {
        for (const event of warmUp(prepared, options.modelOf(body.model ?? undefined))) {
          await tell(event)
        }
        last = { id: head.id, past: joined(past, translated.added) }
        return
      }
      const { url, headers } = request
      const inner = new Request(url, { headers, signal: socket.signal })
      const { reply, remember } = await beginResponse(prepared, inner, id, options)
      stream = new ResponseStream(head, reply, secondsNow)
      for await (const event of reply) {
        const outgoing = stream.push(event)
        if (event.type === 'message_stop') {
          const { added } = await remember(reply.message())
          last = { id: head.id, past: joined(past, added) }
        }
        for (const one of outgoing) await tell(one)
      }
    } catch (error) {
      // After a failure the state of the conversation is uncertain.
      if (previous === last?.id) last = undefined
      if (socket.signal.aborted) return
      if (!(error instanceof ApiError)) options.onError(error)
      for (const event of failure(error, stream)) await tell(event)
    }
  }

  return () => {
    isEnding = true
    if (!isWorking) socket.close(GOING_AWAY, 'The proxy is stopping.')
  }
}

/** The events that report an error. */
function failure(error: unknown, stream: ResponseStream | undefined): object[] {
  const shown =
    error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
  const { error: body } = openaiErrorBody(shown)
  const { message, param, type } = body
  const code = body.code ?? type
  const event = { type: 'error', status: shown.status, code, message, param }
  const [, ...others] = stream?.fail(shown) ?? []
  return [{ ...event, error: { ...body, code } }, ...others]
}

type Message = { type?: unknown; stream_id?: unknown; generate?: unknown } & Partial<
  Record<string, unknown>
>

function sizeOf(message: string): number {
  return message.length + MESSAGE_OVERHEAD
}

async function messageIn(text: string): Promise<Message> {
  const message = await parseJson(text)
  if (typeof message === 'object' && message !== null) return message
  throw invalid('Input should be an object')
}

/** A response without a reply: the client sends a conversation that it will continue later. */
function warmUp({ head }: PreparedResponse, model: string): object[] {
  const begun = emptyResponse(model, head)
  const whole: WireResponse = {
    ...begun,
    status: 'completed',
    completed_at: secondsNow(),
    usage: NO_USAGE,
  }
  return [
    { type: 'response.created', sequence_number: 0, response: begun },
    { type: 'response.in_progress', sequence_number: 1, response: begun },
    { type: 'response.completed', sequence_number: 2, response: whole },
  ]
}

function joined(past: Past, added: Past): Past {
  return {
    messages: [...past.messages, ...added.messages],
    tools: [...past.tools, ...added.tools],
  }
}
