import { Deferred } from '../deferred.ts'

/** Minimum time between two values for a reader, in milliseconds: a busy proxy changes often. */
const PAUSE_MILLISECONDS = 250

/** Lets any number of readers follow a value: each gets the current value, not every change. */
export class Broadcast<T> {
  readonly #read: () => Promise<T>
  readonly #readers = new Set<Reader<unknown>>()
  #isClosed = false

  /** @param read returns the current value */
  constructor(read: () => Promise<T>) {
    this.#read = read
  }

  changed(): void {
    for (const reader of this.#readers) reader.wake()
  }

  /**
   * Yields the current value, and a new one after each change; changes that come together are
   * merged. A reader that never asks for a value is dropped.
   *
   * @param view makes the reader's own version of a value
   */
  watch<View>(view: (value: T) => View | Promise<View>): AsyncIterableIterator<View, void> {
    const reader: Reader<View> = new Reader(async () => view(await this.#read()), {
      onStart: () => this.#readers.add(reader),
      onEnd: () => this.#readers.delete(reader),
      isClosed: () => this.#isClosed,
    })
    return reader
  }

  /** Ends the stream of every reader. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers) void reader.return()
  }
}

/** Adds a reader, and removes it. */
type Subscription = { onStart: () => void; onEnd: () => void; isClosed: () => boolean }

class Reader<T> implements AsyncIterableIterator<T, void> {
  readonly #read: () => Promise<T>
  readonly #subscription: Subscription
  /** Resolves when there is a new value, or at the end. */
  #news = new Deferred<void>()
  #hasEnded = false
  #ended = new Deferred<void>()
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(read: () => Promise<T>, subscription: Subscription) {
    this.#read = read
    this.#subscription = subscription
    this.#news.resolve()
  }

  wake(): void {
    this.#news.resolve()
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#subscription.isClosed()) await this.return()
    else if (!this.#hasEnded) this.#subscription.onStart()
    await Promise.race([this.#news.promise, this.#ended.promise])
    await this.#pause()
    if (this.#hasEnded) return { done: true, value: undefined }
    this.#news = new Deferred()
    this.#lastAt = performance.now()
    return { done: false, value: await this.#read() }
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#hasEnded = true
    this.#ended.resolve()
    this.#subscription.onEnd()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #pause(): Promise<void> {
    const left = this.#lastAt + PAUSE_MILLISECONDS - performance.now()
    if (left <= 0 || this.#hasEnded) return
    let timer: NodeJS.Timeout | undefined
    // A reader waits for this timer, so it keeps the program running: nothing else may do so.
    const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, left)))
    await Promise.race([elapsed, this.#ended.promise])
    clearTimeout(timer)
  }
}
