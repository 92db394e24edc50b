import type { MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { type TraceContext, traceContextOf } from '../observe/trace-context.ts'
import type { Reply } from '../stream/reply.ts'
import { ClientLeft } from '../refusals.ts'

/** Asks for a reply. Throws an ApiError if no reply can begin. */
export type Ask = (request: MessagesRequest, about: RequestFacts) => Promise<Reply>

export type RequestFacts = {
  id: string
  /** The values of the `anthropic-beta` headers. */
  betas: readonly string[]
  /** Headers of the client that go to the API unchanged, one per line. */
  headers?: string
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** The client's trace, if it has one. */
  trace?: TraceContext
}

export type ReplyOptions = {
  ask: Ask
  /** Milliseconds. */
  firstEventTimeout: number
}

/**
 * Sends a request, and waits for the first event, so that an earlier error gets its true status. If
 * the client leaves, the reply ends.
 *
 * @param betas values of `anthropic-beta` in addition to those of the request
 * @throws ApiError if the reply did not begin, ClientLeft if the client has left
 */
export async function beginReply(
  body: MessagesRequest,
  { headers, signal }: Request,
  id: string,
  { ask, firstEventTimeout }: ReplyOptions,
  betas: readonly string[] = [],
): Promise<Reply> {
  const reply = await ask(body, {
    id,
    betas: [...betasOf(headers), ...betas],
    headers: passedHeaders(headers),
    signal,
    trace: traceContextOf(headers),
  })
  const leave = (): void => reply.giveUp(new ClientLeft(signal.reason))
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const timer = setTimeout(() => reply.giveUp(notInTime()), firstEventTimeout)
  await reply.begun().finally(() => clearTimeout(timer))
  return reply
}

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Tells reverse proxies not to buffer the events.
  'x-accel-buffering': 'no',
}

/** The id of a request, under the names that the clients of both APIs look for. */
export function idHeaders(id: string): Record<string, string> {
  return { 'request-id': id, 'x-request-id': id }
}

/**
 * The workspace and the user profile that a request is made for, as `Name: value` lines.
 * Source: `workspace_id` and `user_profile_id` of `@anthropic-ai/sdk`.
 */
export function passedHeaders(headers: Headers): string {
  return PASSED_HEADERS.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [`${name}: ${value}`]
  }).join('\n')
}

const PASSED_HEADERS = ['anthropic-workspace-id', 'anthropic-user-profile-id']

/** The values of the `anthropic-beta` headers. */
export function betasOf(headers: Headers): string[] {
  const values = (headers.get('anthropic-beta') ?? '').split(',')
  return values.map((value) => value.trim()).filter((value) => value !== '')
}

function notInTime(): ApiError {
  return new ApiError('timeout_error', 'The reply did not begin in time (first_event_timeout).')
}
