import { Deferred } from '../deferred.ts'

/** The least time between two values for a reader, in milliseconds: a busy proxy changes often. */
const PAUSE_MILLISECONDS = 250

/** Lets any number of readers follow something that changes: each is given what it is, not each change. */
export class Broadcast<T> {
  readonly #read: () => Promise<T>
  readonly #readers = new Set<Reader<T>>()
  #isClosed = false

  /** @param read says what it is now */
  constructor(read: () => Promise<T>) {
    this.#read = read
  }

  changed(): void {
    for (const reader of this.#readers) reader.wake()
  }

  /** What it is now, and again after each change; several changes at once are one. */
  watch(): AsyncIterableIterator<T, void> {
    const reader = new Reader(this.#read, () => this.#readers.delete(reader))
    if (this.#isClosed) void reader.return()
    else this.#readers.add(reader)
    return reader
  }

  /** Ends what all readers get. */
  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers) void reader.return()
  }
}

class Reader<T> implements AsyncIterableIterator<T, void> {
  readonly #read: () => Promise<T>
  readonly #onEnd: () => void
  /** Resolved when there is something new, or the end. */
  #news = new Deferred<void>()
  #hasEnded = false
  #ended = new Deferred<void>()
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(read: () => Promise<T>, onEnd: () => void) {
    this.#read = read
    this.#onEnd = onEnd
    this.#news.resolve()
  }

  wake(): void {
    this.#news.resolve()
  }

  async next(): Promise<IteratorResult<T, void>> {
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
    this.#onEnd()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #pause(): Promise<void> {
    const left = this.#lastAt + PAUSE_MILLISECONDS - performance.now()
    if (left <= 0 || this.#hasEnded) return
    let timer: NodeJS.Timeout | undefined
    const elapsed = new Promise<void>((resolve) => (timer = setTimeout(resolve, left).unref()))
    await Promise.race([elapsed, this.#ended.promise])
    clearTimeout(timer)
  }
}
