/** The load in one minute: the highest values that were reached in it. */
export type LoadMinute = {
  /** The beginning of the minute, in ISO 8601. */
  at: string
  /** Turns that were served at the same time, and those that waited. */
  in_flight: number
  /** Turns that waited for a process, if the line was that long for a tenth of a second. */
  waiting: number
  /** The longest wait of a turn that got its process in this minute, in milliseconds. */
  longest_wait_ms: number
}

type Load = { inFlight: number; waiting: number }

/** Number of minutes that are kept. */
const KEPT_MINUTES = 60

const MINUTE = 60_000

/**
 * A line counts if it lasts for this long. A process needs some milliseconds between two turns, so
 * a turn that follows at once waits for a moment. Milliseconds.
 */
const NOTABLE_WAIT = 100

/** The load of a proxy in each of the last minutes, for the page. */
export class LoadHistory {
  readonly #now: () => number
  readonly #minutes = new Map<number, Load & { longestWait: number }>()
  /** The load since the last change. */
  #present: Load = { inFlight: 0, waiting: 0 }
  /** The shortest line in a span of at least `NOTABLE_WAIT`. */
  #span: { since: number; shortest: number }
  #presentMinute: number

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now
    this.#span = { since: now(), shortest: 0 }
    this.#presentMinute = minuteOf(now())
  }

  /** Call it after each change of the load. */
  changed(load: Load): void {
    const now = this.#now()
    const highest = this.#minuteAt(now)
    highest.inFlight = Math.max(highest.inFlight, load.inFlight)
    const hasEnded = Math.abs(now - this.#span.since) >= NOTABLE_WAIT
    if (hasEnded) this.#span = { since: now, shortest: load.waiting }
    else this.#span.shortest = Math.min(this.#span.shortest, load.waiting)
    this.#present = load
  }

  /** Call it when a turn gets its process, with the milliseconds that it waited. */
  waited(milliseconds: number): void {
    const highest = this.#minuteAt(this.#now())
    highest.longestWait = Math.max(highest.longestWait, milliseconds)
  }

  /** The minutes since the start, at most the last hour, the oldest first. */
  report(): LoadMinute[] {
    this.#minuteAt(this.#now())
    return [...this.#minutes].map(([minute, { inFlight, waiting, longestWait }]) => ({
      at: new Date(minute * MINUTE).toISOString(),
      in_flight: inFlight,
      waiting,
      longest_wait_ms: Math.round(longestWait),
    }))
  }

  /**
   * The present minute, with the line until now. Minutes without a change are filled in: the load
   * stayed as it was.
   */
  #minuteAt(now: number): Load & { longestWait: number } {
    const minute = minuteOf(now)
    // The clock was set back: the later minutes have not been reached yet.
    if (minute < this.#presentMinute) this.#minutes.clear()
    const oldest = minute - KEPT_MINUTES + 1
    const first = Math.max(Math.min(this.#presentMinute, minute), oldest)
    const { inFlight } = this.#present
    const waiting = now - this.#span.since >= NOTABLE_WAIT ? this.#span.shortest : 0
    for (let missing = first; missing <= minute; missing += 1) {
      if (!this.#minutes.has(missing)) {
        this.#minutes.set(missing, { inFlight, waiting, longestWait: 0 })
      }
    }
    for (const known of this.#minutes.keys()) {
      if (known < oldest) this.#minutes.delete(known)
    }
    this.#presentMinute = minute
    const present = this.#minutes.get(minute)
    if (present === undefined) throw new Error('The present minute is missing.')
    present.waiting = Math.max(present.waiting, waiting)
    return present
  }
}

function minuteOf(milliseconds: number): number {
  return Math.floor(milliseconds / MINUTE)
}
