import { availableParallelism } from 'node:os'

/** Milliseconds after a process that came to nothing before one is started ahead of need again. */
const BACKOFF = { first: 1000, most: 60_000 }

/** How many processes are started together, and when none should be for a while. */
export class StartPace {
  /** Starts that failed since the last that did not. */
  failures = 0
  /** Each start takes most of a second of one core. */
  readonly together: number
  #pausedUntil = -Infinity

  constructor(cores = availableParallelism()) {
    this.together = Math.max(1, cores)
  }

  /** Milliseconds for which no process should be started ahead of need. */
  get pause(): number {
    return Math.max(0, this.#pausedUntil - performance.now())
  }

  get isPaused(): boolean {
    return this.pause > 0
  }

  failed(): void {
    this.failures += 1
    const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** (this.failures - 1))
    this.#pausedUntil = performance.now() + backoff
  }

  succeeded(): void {
    this.failures = 0
    this.#pausedUntil = -Infinity
  }
}
