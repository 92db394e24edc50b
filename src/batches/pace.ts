import type { BatchProgress, BatchWait } from '../observe/batch-progress.ts'
import type { Batch } from './batch.ts'

/**
 * No request is sent before `until`. The reason may end earlier, so it is checked at `again`.
 * Milliseconds since the epoch.
 */
export type Hold = { reason: BatchWait; until: number; again?: number }

/** The period over which the rate of a batch is computed, in milliseconds. */
const LOOK_BACK = 60_000
/** The shortest period for which a rate is computed. */
const LEAST_LOOK = 2000

/** Measures how fast batches progress. */
export class Pace {
  /** By batch: how many requests were finished at which time. */
  readonly #samples = new Map<string, { at: number; finished: number }[]>()

  /** Call it regularly with the batches; batches that are missing are forgotten. */
  note(batches: readonly Batch[], now: number): void {
    const ids = new Set(batches.map(({ id }) => id))
    for (const id of this.#samples.keys()) if (!ids.has(id)) this.#samples.delete(id)
    for (const { id, counts } of batches) {
      const { succeeded, errored, canceled, expired } = counts
      const samples = this.#samples.get(id) ?? []
      samples.push({ at: now, finished: succeeded + errored + canceled + expired })
      while (samples.length > 2 && now - (samples[1]?.at ?? now) > LOOK_BACK) samples.shift()
      this.#samples.set(id, samples)
    }
  }

  /** Requests per minute; undefined until it is known. */
  rate(id: string): number | undefined {
    const samples = this.#samples.get(id) ?? []
    const [first, last] = [samples[0], samples.at(-1)]
    if (first === undefined || last === undefined) return undefined
    const elapsed = last.at - first.at
    if (elapsed < LEAST_LOOK) return undefined
    return ((last.finished - first.finished) * 60_000) / elapsed
  }
}

/** The state of a batch for the page. */
export function progressOf(
  batch: Batch,
  facts: { rate: number | undefined; inFlight: number; hold: Hold | undefined; now: number },
): BatchProgress {
  const { rate, inFlight, hold, now } = facts
  const minutes = rate === undefined || rate === 0 ? undefined : batch.counts.processing / rate
  return {
    id: batch.id,
    endpoint: batch.endpoint,
    created_at: isoTime(batch.createdAt),
    expires_at: isoTime(batch.expiresAt),
    status: batch.status === 'canceling' ? 'canceling' : 'in_progress',
    paused: batch.isPaused,
    counts: batch.counts,
    in_flight: inFlight,
    rate_per_minute: rate === undefined ? null : Math.round(rate * 10) / 10,
    done_at: minutes === undefined ? null : isoTime(now + minutes * 60_000),
    waits_for:
      hold === undefined
        ? null
        : {
            reason: hold.reason,
            until: Number.isFinite(hold.until) ? isoTime(hold.until) : null,
          },
  }
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
