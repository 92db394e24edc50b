import { setImmediate } from 'node:timers/promises'

import { parseJson } from '../api/parse-json.ts'
import { overloaded, throwIfLeft } from '../refusals.ts'
import { type BodyLimits, IDLE_TIMEOUT, readBody } from './body.ts'

/**
 * How many bodies of the largest size may be in memory at a time. That is room for hundreds of
 * usual size.
 */
const MAX_LARGEST_BODIES = 8

/**
 * Reads the bodies of requests, and limits their total size: a request that waits in line stays in
 * memory until its reply begins. Received bytes count, not the length that a client announces.
 */
export class Bodies {
  readonly #limits: BodyLimits
  readonly #lengths = new Map<Request, number>()
  #sum = 0

  /** @param maxSize bytes of a single body */
  constructor(maxSize: number, idleTimeout = IDLE_TIMEOUT) {
    this.#limits = { maxSize, idleTimeout }
  }

  /**
   * The JSON of a body. Its bytes count until the request is released.
   *
   * @param whenEmpty the JSON to use if the body is empty; without it, an empty body is an error
   * @throws ApiError as `readBody` and `parseJson` do, and 529 if too much is already in memory;
   * ClientLeft
   */
  async readJson(request: Request, whenEmpty = ''): Promise<unknown> {
    const text = await readBody(request, this.#limits, (length) => this.#hold(request, length))
    await throwIfClientLeft(request.signal)
    const body = await parseJson(text.trim() === '' ? whenEmpty : text)
    throwIfLeft(request.signal)
    return body
  }

  /** Call it when a request was answered, or its reply has begun. */
  release(request: Request): void {
    this.#sum -= this.#lengths.get(request) ?? 0
    this.#lengths.delete(request)
  }

  #hold(request: Request, length: number): void {
    const sum = this.#sum - (this.#lengths.get(request) ?? 0) + length
    if (sum > MAX_LARGEST_BODIES * this.#limits.maxSize) {
      throw overloaded('the waiting requests use too much memory together', 'max_body_size')
    }
    this.#sum = sum
    this.#lengths.set(request, length)
  }
}

/**
 * If a client leaves right after its request, Node.js reports that only some rounds of the event
 * loop later: it reads the end of the connection, ends its own side, and then emits the event.
 *
 * @throws ClientLeft
 */
async function throwIfClientLeft(signal: AbortSignal): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    throwIfLeft(signal)
    await setImmediate()
  }
  throwIfLeft(signal)
}
