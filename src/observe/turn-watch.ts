import type { ReplyEvent, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { plainLine } from './plain-line.ts'
import type { Outcome, Tokens, TurnRecord } from './turn-record.ts'

type Events = AsyncIterableIterator<StreamEvent, void>

export type TurnFacts = {
  id: string
  lane: string
  model: string
  /** `performance.now()` when the request came. */
  startedAt: number
  /** Aborts when the client leaves. */
  signal?: AbortSignal
}

/**
 * Hands on the events of a reply as they come, and tells once how it ended: whole, with an error,
 * or because its reader left.
 */
export function watchTurn(
  reply: Events & { readonly requestId?: string | undefined },
  facts: TurnFacts,
  onEnd: (record: TurnRecord) => void,
): Events {
  let firstEventMs: number | undefined
  let answeredBy: string | undefined
  let stopReason: string | null | undefined
  const tokens = { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 }
  let hasEnded = false

  function note(event: StreamEvent): void {
    firstEventMs ??= since(facts.startedAt)
    const known = event as ReplyEvent
    if (known.type === 'message_start') {
      answeredBy = known.message.model
      count(known.message.usage, tokens)
    } else if (known.type === 'message_delta') {
      stopReason = known.delta.stop_reason
      count(known.usage, tokens)
    }
  }

  function end(outcome: Outcome, status: number, error?: unknown): void {
    if (hasEnded) return
    hasEnded = true
    onEnd({
      ...beginningOf(facts),
      ...(reply.requestId !== undefined && { upstreamId: reply.requestId }),
      ...(answeredBy !== undefined && { answeredBy }),
      outcome,
      status,
      ...(error !== undefined && errorFacts(error)),
      ...(typeof stopReason === 'string' && { stopReason }),
      ...(firstEventMs !== undefined && { firstEventMs }),
      totalMs: since(facts.startedAt),
      tokens,
    })
  }

  const events: Events = {
    async next() {
      try {
        const result = await reply.next()
        if (result.done) end('whole', 200)
        else note(result.value)
        return result
      } catch (error) {
        end('error', statusOf(error), error)
        throw error
      }
    },
    async return() {
      const isLate = firstEventMs === undefined && facts.signal?.aborted === false
      if (isLate) end('timed out', 504)
      else end('client left', CLIENT_LEFT)
      await reply.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => events,
  }
  return events
}

/** The record of a turn that ended before there was a reply. */
export function failedTurn(facts: TurnFacts, error: unknown): TurnRecord {
  const hasLeft = facts.signal?.aborted === true
  return {
    ...beginningOf(facts),
    outcome: hasLeft ? 'client left' : 'error',
    status: hasLeft ? CLIENT_LEFT : statusOf(error),
    ...(!hasLeft && errorFacts(error)),
    totalMs: since(facts.startedAt),
    tokens: { input: 0, output: 0, cacheRead: 0, cacheCreation: 0 },
  }
}

/** What servers write in their logs for a client that did not wait for the answer. */
const CLIENT_LEFT = 499

function beginningOf({ id, lane, model, startedAt }: TurnFacts) {
  return { at: Math.round(performance.timeOrigin + startedAt), id, lane, model: plainLine(model) }
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

/** Counters of a reply are totals so far: a later one takes the place of an earlier one. */
function count(usage: unknown, tokens: Tokens): void {
  if (typeof usage !== 'object' || usage === null) return
  for (const [name, field] of COUNTERS) {
    const value = (usage as Record<string, unknown>)[field]
    if (typeof value === 'number') tokens[name] = value
  }
}

const COUNTERS = [
  ['input', 'input_tokens'],
  ['output', 'output_tokens'],
  ['cacheRead', 'cache_read_input_tokens'],
  ['cacheCreation', 'cache_creation_input_tokens'],
] as const

function since(start: number): number {
  return Math.round(performance.now() - start)
}
