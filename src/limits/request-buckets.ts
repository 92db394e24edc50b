/** Counts the requests of keys. */
export type RequestBuckets = {
  /**
   * Takes a request from the bucket of a key. It holds as many as may come in a minute, and fills
   * evenly, as those of the API do.
   *
   * @returns 0 if there was one, else the milliseconds until there will be one
   */
  take: (name: string, perMinute: number) => Promise<number>
}

/** Milliseconds in which a bucket fills. */
export const MINUTE = 60_000

/** The buckets of this process. */
export class LocalBuckets implements RequestBuckets {
  readonly #now: () => number
  /** When each bucket is full again. */
  readonly #fullAt = new Map<string, number>()

  /** @param now milliseconds, by a clock that is never put back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  take(name: string, perMinute: number): Promise<number> {
    const now = this.#now()
    const fullAt = Math.max(now, this.#fullAt.get(name) ?? 0)
    const wait = waitFor(fullAt - now, perMinute)
    if (wait === 0) this.#fullAt.set(name, fullAt + shareOf(perMinute))
    return Promise.resolve(wait)
  }
}

/**
 * Milliseconds until a bucket has a request to give.
 *
 * @param untilFull milliseconds until it is full again; each request that is taken adds its share of a minute
 */
export function waitFor(untilFull: number, perMinute: number): number {
  // The half millisecond is for sums of fractions.
  return Math.max(0, Math.ceil(untilFull + shareOf(perMinute) - MINUTE - 0.5))
}

/** How much later a bucket is full for a request that is taken from it, in milliseconds. */
export function shareOf(perMinute: number): number {
  return MINUTE / perMinute
}
