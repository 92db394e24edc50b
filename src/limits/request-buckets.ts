/** Counts the requests of keys. */
export type RequestBuckets = {
  /**
   * Takes a request from the bucket of a key. The bucket holds the requests of a minute, and
   * refills evenly, like the API's buckets.
   *
   * @returns 0 if the bucket had one, or else the milliseconds until it has one
   */
  take: (name: string, perMinute: number) => Promise<number>
}

/** Milliseconds in which an empty bucket refills. */
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
 * Milliseconds until a bucket has a request available.
 *
 * @param untilFull milliseconds until it is full again; each taken request adds its share of a
 * minute
 */
export function waitFor(untilFull: number, perMinute: number): number {
  // The half millisecond allows for rounding errors.
  return Math.max(0, Math.ceil(untilFull + shareOf(perMinute) - MINUTE - 0.5))
}

/** The delay that one request adds until the bucket is full, in milliseconds. */
export function shareOf(perMinute: number): number {
  return MINUTE / perMinute
}
