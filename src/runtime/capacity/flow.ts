/** Milliseconds assumed for a start until one was measured. */
const START_MILLISECONDS = 600

/** The weight of the latest value in a running mean. */
const WEIGHT = 0.3

/**
 * The speed of the line: how long workers take for a turn and for their start, and when a worker
 * last became free. All times are in milliseconds, on one clock.
 */
export class Flow {
  readonly #since = new WeakMap<object, number>()
  #turnTime: number | undefined
  #startTime = START_MILLISECONDS
  #freedAt = -Infinity

  get freedAt(): number {
    return this.#freedAt
  }

  /** Call it when a worker gets a turn. */
  taken(worker: object, now: number): void {
    if (!this.#since.has(worker)) this.#since.set(worker, now)
  }

  /** Call it when a worker becomes free. */
  freed(worker: object, now: number): void {
    const since = this.#since.get(worker)
    if (since === undefined) return
    this.#since.delete(worker)
    this.#turnTime = mean(this.#turnTime ?? now - since, now - since)
    this.#freedAt = now
  }

  /** Call it with the duration of a start; on a busy machine it is several times as long. */
  started(time: number): void {
    this.#startTime = mean(this.#startTime, time)
  }

  /** Whether the present workers will have served the whole line before one more could be ready. */
  isQuick(waiting: number, workers: number): boolean {
    return this.#turnTime !== undefined && (waiting * this.#turnTime) / workers < this.#startTime
  }
}

function mean(before: number, latest: number): number {
  return before * (1 - WEIGHT) + latest * WEIGHT
}
