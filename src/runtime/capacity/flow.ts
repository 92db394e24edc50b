/** Milliseconds that a start may take while other workers work. */
const START = 600

/** Of a new turn's time in the mean. */
const WEIGHT = 0.3

/**
 * How fast the line moves: how long workers take for a turn, and when one became free last. All times are
 * in milliseconds, on one clock.
 */
export class Flow {
  readonly #since = new WeakMap<object, number>()
  #turnTime: number | undefined
  #freedAt = -Infinity

  get freedAt(): number {
    return this.#freedAt
  }

  /** To be told that a worker was given a turn. */
  taken(worker: object, now: number): void {
    if (!this.#since.has(worker)) this.#since.set(worker, now)
  }

  /** To be told that a worker can be given a turn. */
  freed(worker: object, now: number): void {
    const since = this.#since.get(worker)
    if (since === undefined) return
    this.#since.delete(worker)
    const time = now - since
    this.#turnTime = (this.#turnTime ?? time) * (1 - WEIGHT) + time * WEIGHT
    this.#freedAt = now
  }

  /** Whether so many workers will have served all that wait by the time that one more would be there. */
  isQuick(waiting: number, workers: number): boolean {
    return this.#turnTime !== undefined && (waiting * this.#turnTime) / workers < START
  }
}
