import type { ApiError } from '../../errors.ts'
import { ClientLeft, overloaded } from '../../refusals.ts'

/**
 * Interactive turns come first, because a person waits for them; nobody waits for the turns of a
 * batch.
 */
export type Priority = 'interactive' | 'batch'

/** A turn in line. */
export type PlaceInLine<Item> = {
  readonly item: Item
  readonly priority: Priority
  /** Its time of arrival, on the clock of `performance.now()`. */
  readonly since: number
  /** Removes the place from the line. With an error, the turn fails. */
  leave: (error?: ApiError) => void
}

export type LineLimits = {
  /** How long a turn may wait, in milliseconds. */
  queueTimeout: number
  /** Maximum number of waiting turns; each keeps its whole request in memory. */
  queueLimit: number
}

/** The turns that wait for a worker: interactive ones first, each kind in the order of arrival. */
export class Line<Item> {
  readonly #limits: LineLimits
  readonly #places: Record<Priority, Set<PlaceInLine<Item>>> = {
    interactive: new Set(),
    batch: new Set(),
  }

  constructor(limits: LineLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#places.interactive.size + this.#places.batch.size
  }

  /** The places in their order; the next one to be served is the first. */
  get places(): PlaceInLine<Item>[] {
    return [...this.#places.interactive, ...this.#places.batch]
  }

  /** Whether a turn still waits. */
  has(place: PlaceInLine<Item>): boolean {
    return this.#places[place.priority].has(place)
  }

  /**
   * @param free how many processes are being started or may still be started. Turns that will get
   * one of them do not count for `queueLimit`, and are not refused after `queueTimeout`.
   * @throws ApiError if the line is full, or the client has left
   */
  join(
    item: Item,
    priority: Priority,
    signal: AbortSignal,
    free: number,
    onFailed: (error: ApiError) => void,
  ): PlaceInLine<Item> {
    if (signal.aborted) throw new ClientLeft(signal.reason)
    if (this.length >= this.#limits.queueLimit + free) throw busy('queue_limit')
    const places = this.#places[priority]
    const abort = (): void => place.leave(new ClientLeft(signal.reason))
    const timer =
      this.length < free
        ? undefined
        : setTimeout(() => place.leave(busy('queue_timeout')), this.#limits.queueTimeout)
    const place: PlaceInLine<Item> = {
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

  /** Fails all waiting turns. */
  clear(error: ApiError): void {
    for (const place of this.places) place.leave(error)
  }
}

function busy(limit: string): ApiError {
  return overloaded(`all processes are busy (${limit})`, 'max_processes')
}
