import type { ReadableStreamDefaultController } from 'node:stream/web'

import type { StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'

/**
 * Writes an event in the API's form of server-sent events.
 *
 * @throws Error where the type could break out of its line
 */
export function encodeEvent(event: StreamEvent): string {
  if (!EVENT_NAME.test(event.type)) {
    throw new Error(`Not the name of an event: ${JSON.stringify(event.type)}`)
  }
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

const EVENT_NAME = /^[\w.-]+$/

/** The event that keeps a silent connection open. */
export const PING = 'event: ping\ndata: {"type": "ping"}\n\n'

/** The same for clients that know no such event: a comment, which they pass over. */
export const COMMENT = ': ping\n\n'

/** How a reply is written. An event of which nothing is written is `''`. */
export type SseFormat = {
  event: (event: StreamEvent) => string
  /** The last thing in a stream that failed. */
  error: (error: ApiError) => string
  ping: string
}

export type SseOptions = {
  /** By default that of the Messages API. */
  format?: SseFormat
  /** Milliseconds of silence after which a ping is sent, again and again; 0 for none. */
  pingInterval: number
  /** Stops the source and breaks the stream off with the signal's reason. */
  signal?: AbortSignal | undefined
  /** The id for an `error` event of the Messages API whose error has none of its own. */
  requestId?: string | undefined
  /** Told of what the client is not: errors that are no ApiError, and failures to stop the source. */
  onError?: ((error: unknown) => void) | undefined
}

/**
 * Streams a reply's events as bytes, one chunk for each that is written.
 *
 * The source is asked for an event only when the consumer asks for bytes, so a slow reader slows it
 * down. An error of the source becomes an `error` event, after which the stream closes. Cancelling
 * the stream, or the signal, calls the source's `return()` at once, even while its `next()` pends.
 */
export function sseStream(
  events: AsyncIterable<StreamEvent>,
  options: SseOptions,
): ReadableStream<Uint8Array> {
  return new ReadableStream(new SseSource(events, options), { highWaterMark: 0 })
}

function messagesFormat(requestId: string | undefined): SseFormat {
  return {
    event: encodeEvent,
    error: (error) => encodeEvent(error.body(requestId)),
    ping: PING,
  }
}

type Controller = ReadableStreamDefaultController<Uint8Array>

const ENCODER = new TextEncoder()

class SseSource {
  readonly #source: AsyncIterator<StreamEvent>
  readonly #options: SseOptions
  readonly #format: SseFormat
  #pings: NodeJS.Timeout | undefined
  #breakOff = (): void => {}
  #isWaiting = false
  #isOver = false

  constructor(events: AsyncIterable<StreamEvent>, options: SseOptions) {
    this.#source = events[Symbol.asyncIterator]()
    this.#options = options
    this.#format = options.format ?? messagesFormat(options.requestId)
  }

  start(controller: Controller): void {
    const { signal, pingInterval } = this.#options
    this.#breakOff = () => {
      this.#end()
      controller.error(signal?.reason)
      void this.#stopSource()
    }
    if (signal?.aborted) {
      this.#breakOff()
      return
    }
    signal?.addEventListener('abort', this.#breakOff)
    if (pingInterval > 0) this.#pings = setInterval(() => this.#ping(controller), pingInterval)
  }

  async pull(controller: Controller): Promise<void> {
    let text = ''
    while (text === '') {
      const next = await this.#next(controller)
      if (this.#isOver || next === undefined) return
      if (next.done) {
        this.#end()
        controller.close()
        return
      }
      try {
        text = this.#format.event(next.value)
      } catch (error) {
        this.#fail(controller, error)
        await this.#stopSource()
        return
      }
    }
    controller.enqueue(ENCODER.encode(text))
    this.#pings?.refresh()
  }

  async cancel(): Promise<void> {
    this.#end()
    await this.#stopSource()
  }

  /** `undefined` where the source failed. */
  async #next(controller: Controller): Promise<IteratorResult<StreamEvent> | undefined> {
    this.#isWaiting = true
    try {
      return await this.#source.next()
    } catch (error) {
      this.#fail(controller, error)
      return undefined
    } finally {
      this.#isWaiting = false
    }
  }

  #ping(controller: Controller): void {
    // A consumer that does not read would find a heap of them.
    if (!this.#isWaiting || controller.desiredSize !== 0) return
    controller.enqueue(ENCODER.encode(this.#format.ping))
  }

  #fail(controller: Controller, error: unknown): void {
    // What a source throws after it was told to stop is of no interest.
    if (this.#isOver) return
    this.#end()
    const { onError } = this.#options
    const isForClient = error instanceof ApiError
    const shown = isForClient ? error : new ApiError('api_error', 'Internal server error')
    controller.enqueue(ENCODER.encode(this.#format.error(shown)))
    controller.close()
    if (!isForClient) onError?.(error)
  }

  /** Lets go of everything that would outlive the stream. */
  #end(): void {
    this.#isOver = true
    clearInterval(this.#pings)
    this.#options.signal?.removeEventListener('abort', this.#breakOff)
  }

  async #stopSource(): Promise<void> {
    try {
      await this.#source.return?.()
    } catch (error) {
      this.#options.onError?.(error)
    }
  }
}
