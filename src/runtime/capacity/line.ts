import type { ApiError } from '../../errors.ts'
import { ClientLeft, overloaded } from '../../refusals.ts'

/** Who is served first: someone waits for an interactive turn, nobody waits for a batch's. */
export type Priority = 'interactive' | 'batch'

/** A turn in line. */
export type Place<Item> = {
  readonly item: Item
  readonly priority: Priority
  /** When it came, on the clock of `performance.now()`. */
  readonly since: number
  /** Takes the place out of the line; with an error, the turn fails. */
  leave: (error?: ApiError) => void
}

export type LineLimits = {
  /** Milliseconds that a turn waits. */
  queueTimeout: number
  /** Most turns that wait: each has its whole request in memory. */
  queueLimit: number
}

/** Turns that wait for a worker: interactive ones first, then in the order in which they came. */
export class Line<Item> {
  readonly #limits: LineLimits
  readonly #places: Record<Priority, Set<Place<Item>>> = {
    interactive: new Set(),
    batch: new Set(),
  }

  constructor(limits: LineLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#places.interactive.size + this.#places.batch.size
  }

  /** The places, the next one first. */
  get places(): Place<Item>[] {
    return [...this.#places.interactive, ...this.#places.batch]
  }

  /**
   * @param free how many processes may still be started, or are being started. A turn that one of
   * them is for is not counted by `queueLimit`, and not turned away after `queueTimeout`.
   * @throws ApiError if the line is full, or the client has left
   */
  join(
    item: Item,
    priority: Priority,
    signal: AbortSignal,
    free: number,
    onFailed: (error: ApiError) => void,
  ): Place<Item> {
    if (signal.aborted) throw new ClientLeft(signal.reason)
    if (this.length >= this.#limits.queueLimit + free) throw busy('queue_limit')
    const places = this.#places[priority]
    const abort = (): void => place.leave(new ClientLeft(signal.reason))
    const timer =
      this.length < free
        ? undefined
        : setTimeout(() => place.leave(busy('queue_timeout')), this.#limits.queueTimeout)
    const place: Place<Item> = {
      item,
      priority,
      since: performance.now(),
      leave: (error) => {
        if (!places.delete(place)) return
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        if (error) onFailed(error)
      },
    }
    signal.addEventListener('abort', abort)
    places.add(place)
    return place
  }

  /** Fails all that wait. */
  clear(error: ApiError): void {
    for (const place of this.places) place.leave(error)
  }
}

function busy(limit: string): ApiError {
  return overloaded(`all processes are busy (${limit})`, 'max_processes')
}
