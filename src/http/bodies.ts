import { setImmediate } from 'node:timers/promises'

import { parseJson } from '../api/parse-json.ts'
import { overloaded, throwIfLeft } from '../refusals.ts'
import { type BodyLimits, IDLE_TIMEOUT, readBody } from './body.ts'

/** How many bodies of the largest size may be held at a time; of a usual size they are hundreds. */
const MOST_OF_LARGEST = 8

/**
 * Reads the bodies of requests, and bounds what they take together: a request that stands in line is
 * held whole until its reply begins. What counts is what has come, not what a client says will come.
 */
export class Bodies {
  readonly #limits: BodyLimits
  readonly #lengths = new Map<Request, number>()
  #sum = 0

  /** @param maxSize bytes of a single one */
  constructor(maxSize: number, idleTimeout = IDLE_TIMEOUT) {
    this.#limits = { maxSize, idleTimeout }
  }

  /**
   * The JSON of a body. Its bytes count until the request is released.
   *
   * @param whenEmpty the JSON that no body stands for, if it may be left out
   * @throws ApiError as of `readBody` and `parseJson`, and 529 where too much is held already;
   * ClientLeft
   */
  async readJson(request: Request, whenEmpty = ''): Promise<unknown> {
    const text = await readBody(request, this.#limits, (length) => this.#hold(request, length))
    await staysThere(request.signal)
    const body = await parseJson(text.trim() === '' ? whenEmpty : text)
    throwIfLeft(request.signal)
    return body
  }

  /** To be called for each request when it was answered, or its reply began. */
  release(request: Request): void {
    this.#sum -= this.#lengths.get(request) ?? 0
    this.#lengths.delete(request)
  }

  #hold(request: Request, length: number): void {
    const sum = this.#sum - (this.#lengths.get(request) ?? 0) + length
    if (sum > MOST_OF_LARGEST * this.#limits.maxSize) {
      throw overloaded('the requests in line take too much memory together', 'max_body_size')
    }
    this.#sum = sum
    this.#lengths.set(request, length)
  }
}

/**
 * A client that leaves right after its request is seen to have left some rounds of the event loop
 * later: the end of its connection is read, answered with the end of ours, and told after that.
 *
 * @throws ClientLeft
 */
async function staysThere(signal: AbortSignal): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    throwIfLeft(signal)
    await setImmediate()
  }
  throwIfLeft(signal)
}
