import type { ReplyEnd } from '../api/reply-end.ts'
import type { ReplyMessage, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import { createFold } from './fold.ts'

type ReadResult = IteratorResult<StreamEvent, void>
type WaitingReader = { resolve: (result: ReadResult) => void; reject: (error: Error) => void }

/**
 * A reply between its source and its one reader: the queue of its events, and the message that they
 * make, folded once.
 *
 * The source pushes events and ends the reply. The reader waits for `begun()`, then takes either
 * the events, one after another, or the `whole()` message. The queue has no limit, because a
 * process whose output is not read could not be stopped in time. The longest possible reply of a
 * model bounds its size.
 */
export class Reply implements AsyncIterableIterator<StreamEvent, void> {
  /**
   * `performance.now()` when the first event came; pings do not count. From then on nothing may be
   * repeated.
   */
  firstEventAt: number | undefined
  readonly #fold = createFold()
  #foldFailure: unknown
  #requestId: string | undefined
  #events: StreamEvent[] = []
  #position = 0
  /** Whether only the whole message is wanted: then events are folded and dropped. */
  #isCollected = false
  #end: ReplyEnd | undefined
  /** Why the reader gave up; it may also do so after the end. */
  #givenUp: ApiError | undefined
  #hasReturned = false
  #waiting: WaitingReader | undefined
  #changes: (() => void)[] = []
  #endListeners: ((end: ReplyEnd) => void)[] = []
  #onGivenUp: (error: ApiError) => void

  /** @param onGivenUp called once if the reader leaves before the end, with the reason */
  constructor(onGivenUp: (error: ApiError) => void) {
    this.#onGivenUp = onGivenUp
  }

  get hasBegun(): boolean {
    return this.firstEventAt !== undefined
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** Whether an event contradicted earlier ones, so that the message is unknown. */
  get isUnclear(): boolean {
    return this.#foldFailure !== undefined
  }

  /** The id that the API gave to the request, once it is known. */
  get requestId(): string | undefined {
    return this.#requestId
  }

  nameRequest(id: string | undefined): void {
    this.#requestId ??= id
  }

  // For the source:

  push(event: StreamEvent): void {
    if (this.#end !== undefined) return
    try {
      this.#fold.push(event)
    } catch (error) {
      this.#foldFailure ??= error
    }
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting
      this.#waiting = undefined
      resolve({ done: false, value: event })
    } else if (!this.#isCollected) this.#events.push(event)
    if (this.firstEventAt !== undefined || event.type === 'ping') return
    this.firstEventAt = performance.now()
    this.#noteChange()
  }

  /** Ends the reply, normally or with an error. Events after the first end are ignored. */
  end(error?: Error): void {
    const failure = error ?? (this.#isCollected ? this.#unreadable() : undefined)
    this.#settle(failure === undefined ? { how: 'whole' } : { how: 'failed', error: failure })
  }

  /**
   * Another source continues a reply that did not begin. If its reader has left, the source is told
   * at once.
   */
  handOver(onGivenUp: (error: ApiError) => void): void {
    this.#onGivenUp = onGivenUp
    if (this.#givenUp !== undefined) onGivenUp(this.#givenUp)
  }

  // For the reader:

  /**
   * Resolves when the first event is there.
   *
   * @throws the reply's error if it ended before
   */
  async begun(): Promise<void> {
    while (this.firstEventAt === undefined && this.#end === undefined) await this.#change()
    if (this.#givenUp !== undefined) throw this.#givenUp
    if (this.firstEventAt === undefined) throw this.#failure() ?? brokenOff()
  }

  next(): Promise<ReadResult> {
    const value = this.ready()
    if (value !== undefined) return Promise.resolve({ done: false, value })
    if (this.#end !== undefined) return this.#ending()
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** The next event, if it is already there. */
  ready(): StreamEvent | undefined {
    const event = this.#events[this.#position]
    if (event === undefined) return undefined
    this.#position += 1
    if (this.#position === this.#events.length) this.#dropEvents()
    return event
  }

  /** The reader leaves: unread events are dropped, and the iteration ends. */
  return(): Promise<ReadResult> {
    this.#hasReturned = true
    this.giveUp(new ClientLeft())
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Ends the reply from the reader's side. The reader gets the error, whatever came before. */
  giveUp(error: ApiError): void {
    if (this.#givenUp !== undefined) return
    this.#givenUp = error
    this.#dropEvents()
    if (this.#end !== undefined) return
    this.#settle({ how: 'given up', error })
    this.#onGivenUp(error)
  }

  /**
   * The whole message, instead of the events.
   *
   * @throws the reply's error, and ApiError (502) if the events do not make a message
   */
  async whole(): Promise<ReplyMessage> {
    this.#isCollected = true
    this.#dropEvents()
    while (this.#end === undefined) await this.#change()
    const failure = this.#givenUp ?? this.#failure()
    if (failure !== undefined) throw failure
    return this.message()
  }

  // The text of the reply.

  /**
   * The whole message, after `message_stop`.
   *
   * @throws ApiError (502) before `message_stop`, and if the events do not make a message
   */
  message(): ReplyMessage {
    const failure = this.#unreadable()
    if (failure !== undefined) throw failure
    return this.#fold.message()
  }

  /** The message so far; `undefined` before it began. The reader may be behind. */
  soFar(): ReplyMessage | undefined {
    return this.#fold.soFar()
  }

  /** Calls the listener once, when the source has ended the reply or the reader has given it up. */
  onEnd(listener: (end: ReplyEnd) => void): void {
    if (this.#end === undefined) this.#endListeners.push(listener)
    else listener(this.#end)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #settle(end: ReplyEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.#ending().then(waiting.resolve, waiting.reject)
    this.#noteChange()
    for (const listener of this.#endListeners.splice(0)) listener(end)
  }

  #ending(): Promise<ReadResult> {
    const failure = this.#hasReturned ? undefined : (this.#givenUp ?? this.#failure())
    if (failure !== undefined) return Promise.reject(failure)
    return Promise.resolve({ done: true, value: undefined })
  }

  #failure(): Error | undefined {
    return this.#end === undefined || this.#end.how === 'whole' ? undefined : this.#end.error
  }

  #unreadable(): ApiError | undefined {
    if (this.#foldFailure === undefined && this.#fold.isComplete()) return undefined
    return this.#foldFailure === undefined ? brokenOff() : unreadable(this.#foldFailure)
  }

  #dropEvents(): void {
    this.#events = []
    this.#position = 0
  }

  /** Resolves when the reply has begun or ended. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#changes.push(resolve))
  }

  #noteChange(): void {
    for (const resolve of this.#changes.splice(0)) resolve()
  }
}

/** The connection to the API ended before the reply was complete. */
export function brokenOff(): ApiError {
  return new ApiError('api_error', 'The API broke off before the end of its reply.', {
    status: 502,
  })
}

function unreadable(cause: unknown): ApiError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ApiError('api_error', `The API's reply can't be read. ${reason}.`, {
    status: 502,
    cause,
  })
}
