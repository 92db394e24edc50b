import { parseJson, parseMessagesRequest } from '../api/request.ts'
import type { MessagesRequest, ReplyMessage, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { createFold } from '../stream/fold.ts'
import { sseStream } from '../stream/sse.ts'
import { readBody } from './body.ts'

/** The events of a reply, for one reader. `return()` stops the request upstream. */
export type Events = AsyncIterableIterator<StreamEvent, void>

/** What the route needs of whoever answers. Throws an ApiError where no reply can begin. */
export type Ask = (request: MessagesRequest, about: RequestFacts) => Promise<Events>

export type RequestFacts = {
  id: string
  /** The values of the `anthropic-beta` headers. */
  betas: readonly string[]
  /** Aborts when the client leaves. */
  signal: AbortSignal
}

export type MessagesOptions = {
  ask: Ask
  /** Bytes. */
  maxBodySize: number
  /** Milliseconds. */
  pingInterval: number
  /** Milliseconds. */
  firstEventTimeout: number
  onError: (error: unknown) => void
}

/**
 * Answers `POST /v1/messages`. The status line waits for the first event, so that what fails before
 * it has its true status, streamed or not.
 *
 * @throws ApiError where the request is wrong or its reply did not begin
 */
export async function postMessages(
  request: Request,
  id: string,
  options: MessagesOptions,
): Promise<Response> {
  const body = parseMessagesRequest(parseJson(await readBody(request, options.maxBodySize)))
  const { signal } = request
  const events = await options.ask(body, { id, betas: betasOf(request.headers), signal })
  const leave = (): void => void events.return?.()
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const begun = await begin(events, options.firstEventTimeout)
  const headers = { 'request-id': id }
  if (body.stream !== true) return Response.json(await fold(begun), { headers })
  const { pingInterval, onError } = options
  const stream = sseStream(begun, { pingInterval, onError, requestId: id })
  return new Response(stream, { headers: { ...headers, ...STREAM_HEADERS } })
}

/** For a response of server-sent events. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // A reverse proxy in between shall not collect the events.
  'x-accel-buffering': 'no',
}

function betasOf(headers: Headers): string[] {
  const values = (headers.get('anthropic-beta') ?? '').split(',')
  return values.map((value) => value.trim()).filter((value) => value !== '')
}

/** Waits for the first event, and gives it back in front of the others. */
async function begin(events: Events, timeout: number): Promise<Events> {
  const timer = setTimeout(() => void events.return?.(), timeout)
  const first = await events.next().finally(() => clearTimeout(timer))
  if (first.done) {
    throw new ApiError('timeout_error', 'The reply did not begin in time (first_event_timeout).')
  }
  let isFirst = true
  const begun: Events = {
    next() {
      if (!isFirst) return events.next()
      isFirst = false
      return Promise.resolve(first)
    },
    async return() {
      await events.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => begun,
  }
  return begun
}

async function fold(events: Events): Promise<ReplyMessage> {
  const folded = createFold()
  for await (const event of events) folded.push(event)
  return folded.message()
}
