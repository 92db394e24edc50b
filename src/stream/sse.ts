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

export type SseOptions = {
  /** Milliseconds of silence after which a ping is sent, again and again; 0 for none. */
  pingInterval: number
  /** Stops the source and breaks the stream off with the signal's reason. */
  signal?: AbortSignal | undefined
  /** The id for an `error` event whose error has none of its own. */
  requestId?: string | undefined
  /** Told of what the client is not: errors that are no ApiError, and failures to stop the source. */
  onError?: ((error: unknown) => void) | undefined
}

/**
 * Streams a reply's events as bytes, one chunk for each.
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

type Controller = ReadableStreamDefaultController<Uint8Array>

const ENCODER = new TextEncoder()

class SseSource {
  readonly #source: AsyncIterator<StreamEvent>
  readonly #options: SseOptions
  #pings: NodeJS.Timeout | undefined
  #breakOff = (): void => {}
  #isWaiting = false
  #isOver = false

  constructor(events: AsyncIterable<StreamEvent>, options: SseOptions) {
    this.#source = events[Symbol.asyncIterator]()
    this.#options = options
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
    let next: IteratorResult<StreamEvent>
    try {
      this.#isWaiting = true
      next = await this.#source.next()
    } catch (error) {
      this.#fail(controller, error)
      return
    } finally {
      this.#isWaiting = false
    }
    if (this.#isOver) return
    if (next.done) {
      this.#end()
      controller.close()
      return
    }
    try {
      controller.enqueue(ENCODER.encode(encodeEvent(next.value)))
      this.#pings?.refresh()
    } catch (error) {
      this.#fail(controller, error)
      await this.#stopSource()
    }
  }

  async cancel(): Promise<void> {
    this.#end()
    await this.#stopSource()
  }

  #ping(controller: Controller): void {
    // A consumer that does not read would find a heap of them.
    if (this.#isWaiting && controller.desiredSize === 0) controller.enqueue(ENCODER.encode(PING))
  }

  #fail(controller: Controller, error: unknown): void {
    // What a source throws after it was told to stop is of no interest.
    if (this.#isOver) return
    this.#end()
    const { requestId, onError } = this.#options
    const isForClient = error instanceof ApiError
    const shown = isForClient ? error : new ApiError('api_error', 'Internal server error')
    controller.enqueue(ENCODER.encode(encodeEvent(shown.body(requestId))))
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
