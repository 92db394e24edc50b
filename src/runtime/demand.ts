/** Conversations that begin within this time need their processes at once. */
const BURST_MILLISECONDS = 2000
/** How long a burst is remembered. */
const MEMORY_MILLISECONDS = 5 * 60 * 1000

/** Tells from how many conversations began together lately how many spares the next ones could use. */
export class Demand {
  readonly #now: () => number
  #burst: number[] = []
  #peak = { size: 0, at: -Infinity }

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A process was needed for a conversation. */
  note(): void {
    const now = this.#now()
    this.#burst = [...this.#burst.filter((at) => now - at < BURST_MILLISECONDS), now]
    if (this.#burst.length >= this.size) this.#peak = { size: this.#burst.length, at: now }
  }

  /** The most processes that a recent burst needed; 0 after a long silence. */
  get size(): number {
    return this.#now() - this.#peak.at < MEMORY_MILLISECONDS ? this.#peak.size : 0
  }
}
