import { availableParallelism } from 'node:os'

/** The delay after failed starts, before a process is started ahead of need again. Milliseconds. */
const BACKOFF = { first: 1000, most: 60_000 }

/** How many processes may start together, and how long to wait after failed starts. */
export class StartPace {
  /** Failed starts since the last successful one. */
  failures = 0
  /** Each start takes almost a second of one core. */
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
