import type { ReplyEnd } from '../api/reply-end.ts'
import type { ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { CLIENT_LEFT_STATUS, ClientLeft } from '../refusals.ts'
import { plainLine } from './plain-line.ts'
import type { Tokens, TurnRecord } from './turn-record.ts'

export type TurnFacts = {
  id: string
  lane: string
  model: string
  /** The id of the process that served it. */
  worker?: number | undefined
  /** The name of its key. */
  key?: string | undefined
  /** The arrival of the request, on the clock of `performance.now()`. */
  startedAt: number
  /** Aborts when the client leaves. */
  signal?: AbortSignal
}

/** The part of a reply that a turn's record needs; implemented by `Reply` in src/stream. */
export type WatchedReply = {
  /** `performance.now()` */
  readonly firstEventAt: number | undefined
  readonly requestId: string | undefined
  soFar: () => ReplyMessage | undefined
  onEnd: (listener: (end: ReplyEnd) => void) => void
}

/**
 * Calls the listener once with the record of a turn, when its reply has ended or its reader has
 * left.
 */
export function watchTurn(
  reply: WatchedReply,
  facts: TurnFacts,
  onEnd: (record: TurnRecord) => void,
): void {
  reply.onEnd((end) => {
    const message = reply.soFar()
    const { firstEventAt, requestId } = reply
    onEnd({
      ...beginningOf(facts),
      ...(requestId !== undefined && { upstreamId: requestId }),
      ...(typeof message?.model === 'string' && { answeredBy: message.model }),
      ...(typeof message?.id === 'string' && { messageId: message.id }),
      ...endingOf(end),
      ...(typeof message?.stop_reason === 'string' && { stopReason: message.stop_reason }),
      ...(firstEventAt !== undefined && {
        firstEventMs: Math.round(firstEventAt - facts.startedAt),
      }),
      totalMs: since(facts.startedAt),
      tokens: tokensIn(message?.usage),
    })
  })
}

/** The record of a turn that ended without a reply. */
export function failedTurn(facts: TurnFacts, error: unknown): TurnRecord {
  const hasLeft = facts.signal?.aborted === true
  return {
    ...beginningOf(facts),
    ...(hasLeft ? LEFT : failureOf(error)),
    totalMs: since(facts.startedAt),
    tokens: tokensIn(undefined),
  }
}

type Ending = Pick<TurnRecord, 'outcome' | 'status' | 'errorType' | 'reason' | 'upstreamId'>

const LEFT: Ending = { outcome: 'client left', status: CLIENT_LEFT_STATUS }

function endingOf(end: ReplyEnd): Ending {
  switch (end.how) {
    case 'whole':
      return { outcome: 'whole', status: 200 }
    case 'failed':
      return failureOf(end.error)
    case 'given up':
      if (end.error instanceof ClientLeft) return LEFT
      return { ...failureOf(end.error), outcome: 'timed out' }
    default:
      return end satisfies never
  }
}

function failureOf(error: unknown): Ending {
  return { outcome: 'error', status: statusOf(error), ...errorFacts(error) }
}

function beginningOf({ id, lane, worker, model, key, startedAt }: TurnFacts) {
  return {
    at: Math.round(performance.timeOrigin + startedAt),
    id,
    lane,
    ...(worker !== undefined && { worker }),
    ...(key !== undefined && { key }),
    model: plainLine(model),
  }
}

function statusOf(error: unknown): number {
  return error instanceof ApiError ? error.status : 500
}

function errorFacts(error: unknown): Partial<TurnRecord> {
  if (!(error instanceof ApiError)) {
    return {
      errorType: 'api_error',
      reason: error instanceof Error ? plainLine(error.message) : 'unknown',
    }
  }
  const { type, message, requestId } = error
  return {
    errorType: type,
    reason: plainLine(message),
    ...(requestId !== undefined && { upstreamId: requestId }),
  }
}

function tokensIn(usage: unknown): Tokens {
  const counters = (typeof usage === 'object' ? usage : undefined) as Record<string, unknown> | null
  const count = (field: string): number => {
    const value = counters?.[field]
    return typeof value === 'number' ? value : 0
  }
  return {
    input: count('input_tokens'),
    output: count('output_tokens'),
    cacheRead: count('cache_read_input_tokens'),
    cacheCreation: count('cache_creation_input_tokens'),
  }
}

function since(start: number): number {
  return Math.round(performance.now() - start)
}
