import type { ReplyEvent, StreamEvent } from '../api/types.ts'
import { Deferred } from '../deferred.ts'
import type { Logger } from './log.ts'

type Events = AsyncIterableIterator<StreamEvent, void>

export type TurnFacts = {
  id: string
  lane: string
  model: string
  /** `performance.now()` when the request came. */
  startedAt: number
  logger: Logger
}

/**
 * Hands on the events of a reply as they come, and writes one line when it has ended: whole, with
 * an error, or because its reader left.
 */
export function watchTurn(
  reply: Events,
  { id, lane, model, startedAt, logger }: TurnFacts,
): { events: Events; ended: Promise<void> } {
  let firstEventAfter: number | undefined
  let stopReason: string | null | undefined
  let usage: unknown
  const ended = new Deferred<void>()
  let hasEnded = false

  function note(event: StreamEvent): void {
    firstEventAfter ??= since(startedAt)
    const known = event as ReplyEvent
    if (known.type !== 'message_delta') return
    stopReason = known.delta.stop_reason
    usage = known.usage
  }

  function end(outcome: string, error?: unknown): void {
    if (hasEnded) return
    hasEnded = true
    const facts = {
      id,
      model: plainLine(model),
      lane,
      outcome,
      stopReason,
      firstEventAfter,
      totalMs: since(startedAt),
    }
    const tokens = tokensOf(usage)
    if (error === undefined) logger.info({ ...facts, ...tokens }, 'turn')
    else logger.warn({ ...facts, reason: reasonOf(error) }, 'turn')
    ended.resolve()
  }

  const events: Events = {
    async next() {
      try {
        const result = await reply.next()
        if (result.done) end('whole')
        else note(result.value)
        return result
      } catch (error) {
        end('error', error)
        throw error
      }
    },
    async return() {
      end('client left')
      await reply.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => events,
  }
  return { events, ended: ended.promise }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? plainLine(error.message) : 'unknown'
}

/** Enough for a name or a sentence: what a client or the API words shall not fill the log. */
const LONGEST = 300

/** A text that others chose, fit for a log that is read in a terminal. */
function plainLine(text: string): string {
  const line = text.slice(0, LONGEST + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line
}

function since(start: number): number {
  return Math.round(performance.now() - start)
}

function tokensOf(usage: unknown): { inputTokens?: unknown; outputTokens?: unknown } {
  if (typeof usage !== 'object' || usage === null) return {}
  const { input_tokens: inputTokens, output_tokens: outputTokens } = usage as Record<
    string,
    unknown
  >
  return { inputTokens, outputTokens }
}
