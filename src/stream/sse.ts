import type { ReadableStreamDefaultController } from 'node:stream/web'

import type { StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'

/**
 * Writes an event in the API's form of server-sent events.
 *
 * @throws Error if the type could end its line early
 */
export function encodeEvent(event: StreamEvent): string {
  if (!EVENT_NAME.test(event.type)) {
    throw new Error(`Not a valid event name: ${JSON.stringify(event.type)}`)
  }
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

const EVENT_NAME = /^[\w.-]+$/

/** The event that keeps a silent connection open. */
export const PING = 'event: ping\ndata: {"type": "ping"}\n\n'

/** The same for clients without such an event: a comment, which they ignore. */
export const COMMENT = ': ping\n\n'

/** How a reply is written. An event that is not written becomes `''`. */
export type SseFormat = {
  event: (event: StreamEvent) => string
  /** The last event of a stream that failed. */
  error: (error: ApiError) => string
  ping: string
}

export type SseOptions = {
  /** By default the format of the Messages API. */
  format?: SseFormat
  /** Milliseconds of silence between two pings; 0 for no pings. */
  pingInterval: number
  /** The id for an `error` event of the Messages API, if the error has no id. */
  requestId?: string | undefined
  /**
   * Receives errors that the client does not see: errors that are no ApiError, and failures to stop
   * the source.
   */
  onError?: ((error: unknown) => void) | undefined
}

/** A source of events. `ready()` returns the next event if it is already there. */
export type EventSource = AsyncIterable<StreamEvent> & { ready?: () => StreamEvent | undefined }

/**
 * Streams a reply's events as bytes. Events that are ready together share a chunk.
 *
 * The source is asked for an event only when the consumer asks for bytes. So a slow reader slows
 * the source down, and a stream that nobody reads has no timer. An error of the source becomes an
 * `error` event, after which the stream closes; after a ClientLeft, the stream fails with its
 * reason instead. Cancelling the stream calls the source's `return()` at once, even while its
 * `next()` pends.
 */
export function sseStream(events: EventSource, options: SseOptions): ReadableStream<Uint8Array> {
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

/** A chunk is sent once it has this many characters. */
const CHUNK_LENGTH = 32_768

class SseSource {
  readonly #events: EventSource
  readonly #options: SseOptions
  readonly #format: SseFormat
  #iterator: AsyncIterator<StreamEvent> | undefined
  #isOver = false
  #pings: NodeJS.Timeout | undefined
  /** An event of the last chunk that could not be written. */
  #failure: unknown

  constructor(events: EventSource, options: SseOptions) {
    this.#events = events
    this.#options = options
    this.#format = options.format ?? messagesFormat(options.requestId)
  }

  async pull(controller: Controller): Promise<void> {
    try {
      const text = await this.#nextText(controller)
      if (this.#isOver) return
      if (text !== undefined) {
        controller.enqueue(ENCODER.encode(text))
        return
      }
      this.#isOver = true
      controller.close()
    } catch (error) {
      // Errors of a source after it was stopped do not matter.
      if (!this.#isOver) await this.#fail(controller, error)
    }
  }

  async cancel(): Promise<void> {
    this.#isOver = true
    clearInterval(this.#pings)
    await this.#stopSource()
  }

  /** The bytes of the next events; `undefined` at the end. */
  async #nextText(controller: Controller): Promise<string | undefined> {
    if (this.#failure !== undefined) throw this.#failure
    let text = ''
    while (text === '') {
      const next = await this.#next(controller)
      if (this.#isOver || next.done) return undefined
      text = this.#format.event(next.value)
    }
    try {
      while (text.length < CHUNK_LENGTH) {
        const event = this.#events.ready?.()
        if (event === undefined) break
        text += this.#format.event(event)
      }
    } catch (error) {
      // The events before the one that can't be written are sent first.
      this.#failure = error
    }
    return text
  }

  /** Asks the source. While it is silent, pings are sent to a consumer that reads. */
  async #next(controller: Controller): Promise<IteratorResult<StreamEvent>> {
    this.#iterator ??= this.#events[Symbol.asyncIterator]()
    const { pingInterval } = this.#options
    const event = this.#events.ready?.()
    if (event !== undefined) return { done: false, value: event }
    if (pingInterval > 0) this.#pings = setInterval(() => this.#ping(controller), pingInterval)
    try {
      return await this.#iterator.next()
    } finally {
      clearInterval(this.#pings)
    }
  }

  #ping(controller: Controller): void {
    // Pings would pile up if the consumer does not read.
    if (controller.desiredSize !== 0) return
    controller.enqueue(ENCODER.encode(this.#format.ping))
  }

  async #fail(controller: Controller, error: unknown): Promise<void> {
    this.#isOver = true
    if (error instanceof ClientLeft) {
      controller.error(error.cause ?? error)
      return
    }
    const isForClient = error instanceof ApiError
    const shown = isForClient ? error : new ApiError('api_error', 'Internal server error')
    controller.enqueue(ENCODER.encode(this.#format.error(shown)))
    controller.close()
    if (!isForClient) this.#options.onError?.(error)
    await this.#stopSource()
  }

  async #stopSource(): Promise<void> {
    try {
      this.#iterator ??= this.#events[Symbol.asyncIterator]()
      await this.#iterator.return?.()
    } catch (error) {
      this.#options.onError?.(error)
    }
  }
}
