import { overloaded } from '../refusals.ts'
import { readBody } from './body.ts'

/** How many bodies of the largest size may be held at a time; of a usual size they are hundreds. */
const MOST_OF_LARGEST = 8

/**
 * Reads the bodies of requests, and bounds what they take together: a request that stands in line is
 * held whole until its reply begins.
 */
export class Bodies {
  readonly #maxBodySize: number
  readonly #held = new Map<Request, number>()
  #sum = 0

  /** @param maxBodySize bytes of a single one */
  constructor(maxBodySize: number) {
    this.#maxBodySize = maxBodySize
  }

  /**
   * The body as text. Its bytes count until the request is released.
   *
   * @throws ApiError as of `readBody`, and 529 where too much is held already
   */
  read(request: Request): Promise<string> {
    return readBody(request, this.#maxBodySize, (length) => this.#hold(request, length))
  }

  /** To be called for each request when it was answered, or its reply began. */
  release(request: Request): void {
    this.#sum -= this.#held.get(request) ?? 0
    this.#held.delete(request)
  }

  #hold(request: Request, length: number): void {
    const sum = this.#sum - (this.#held.get(request) ?? 0) + length
    if (sum > MOST_OF_LARGEST * this.#maxBodySize) {
      throw overloaded('the requests in line take too much memory together', 'max_body_size')
    }
    this.#sum = sum
    this.#held.set(request, length)
  }
}
