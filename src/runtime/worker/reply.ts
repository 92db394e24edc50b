import type { ReplyEvent } from '../../api/types.ts'
import type { ApiError } from '../../errors.ts'

type Waiting = {
  resolve: (result: IteratorResult<ReplyEvent, void>) => void
  reject: (error: ApiError) => void
}

/**
 * The events of one reply on their way from a session to the one reader that serves it.
 *
 * It takes all that comes: a process whose output is not read could not be stopped in time. What it
 * holds is bounded by the longest reply of a model.
 */
export class Reply implements AsyncIterableIterator<ReplyEvent, void> {
  /** Whether an event came: from then on nothing may be tried again. */
  hasBegun = false
  #requestId: string | undefined
  #events: ReplyEvent[] = []
  #end: { error?: ApiError } | undefined
  #waiting: Waiting | undefined
  readonly #onAbandoned: () => void

  /** @param onAbandoned called once if the reader leaves before the end. */
  constructor(onAbandoned: () => void) {
    this.#onAbandoned = onAbandoned
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** The id that the API gave to the request, once the runtime has told it. */
  get requestId(): string | undefined {
    return this.#requestId
  }

  nameRequest(id: string | undefined): void {
    this.#requestId ??= id
  }

  push(event: ReplyEvent): void {
    if (this.hasEnded) return
    this.hasBegun = true
    this.#events.push(event)
    this.#serve()
  }

  /** Ends the reply, in order or with an error; what comes after the first end is ignored. */
  end(error?: ApiError): void {
    this.#end ??= error === undefined ? {} : { error }
    this.#serve()
  }

  next(): Promise<IteratorResult<ReplyEvent, void>> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<ReplyEvent, void>> {
    const isAbandoned = !this.hasEnded
    this.#events = []
    this.#end = {}
    this.#serve()
    if (isAbandoned) this.#onAbandoned()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #serve(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const event = this.#events.shift()
    if (event === undefined && this.#end === undefined) return
    this.#waiting = undefined
    if (event !== undefined) waiting.resolve({ done: false, value: event })
    else if (this.#end?.error) waiting.reject(this.#end.error)
    else waiting.resolve({ done: true, value: undefined })
  }
}
