import type { MessagesRequest, ReplyMessage, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { createFold } from '../stream/fold.ts'

/** The events of a reply, for one reader. `return()` stops the request upstream. */
export type Events = AsyncIterableIterator<StreamEvent, void>

/** What the routes need of whoever answers. Throws an ApiError where no reply can begin. */
export type Ask = (request: MessagesRequest, about: RequestFacts) => Promise<Events>

export type RequestFacts = {
  id: string
  /** The values of the `anthropic-beta` headers. */
  betas: readonly string[]
  /** Aborts when the client leaves. */
  signal: AbortSignal
}

export type ReplyOptions = {
  ask: Ask
  /** Milliseconds. */
  firstEventTimeout: number
}

/**
 * Asks, and waits for the first event, so that what fails before it has its true status. A client
 * that leaves ends the reply.
 *
 * @throws ApiError where the reply did not begin
 */
export async function beginReply(
  body: MessagesRequest,
  { headers, signal }: Request,
  id: string,
  { ask, firstEventTimeout }: ReplyOptions,
): Promise<Events> {
  const events = await ask(body, { id, betas: betasOf(headers), signal })
  const leave = (): void => void events.return?.()
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  return begin(events, firstEventTimeout)
}

/** The whole message. */
export async function foldReply(events: Events): Promise<ReplyMessage> {
  const folded = createFold()
  for await (const event of events) folded.push(event)
  return folded.message()
}

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // A reverse proxy in between shall not collect the events.
  'x-accel-buffering': 'no',
}

/** The id of a request, under the names that either API's clients look for. */
export function idHeaders(id: string): Record<string, string> {
  return { 'request-id': id, 'x-request-id': id }
}

/** The values of the `anthropic-beta` headers. */
export function betasOf(headers: Headers): string[] {
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
