import { createHash } from 'node:crypto'

import { ApiError } from '../errors.ts'

/** The form of tool call ids that the API accepts. */
const LEGAL = /^[a-zA-Z0-9_-]{1,64}$/

/**
 * The ids of the tool calls in one request. Histories of other providers' models have ids that the
 * API refuses (`functions.look:0`, `call_1|fc_1`, an empty one), and ids that several calls share.
 * Each such call gets an id of its own for the API. The id depends only on the earlier history, so
 * the next request gets the same one.
 *
 * Pass it the calls and results in the order of the history.
 */
export class CallIds {
  /** The API's ids of all calls, by the client's id. */
  readonly #calls = new Map<string, string[]>()
  /** The calls without a result, in their order. */
  readonly #open = new Map<string, string[]>()
  /** The client's ids by the API's, if they differ. */
  readonly #originals = new Map<string, string>()

  /** The API's id for the next call. */
  ofCall(id: string): string {
    const earlier = this.#calls.get(id) ?? []
    const own = earlier.length === 0 && LEGAL.test(id) ? id : hashOf(id, earlier.length)
    if (own !== id) this.#originals.set(own, id)
    this.#calls.set(id, [...earlier, own])
    this.#open.set(id, [...(this.#open.get(id) ?? []), own])
    return own
  }

  /**
   * The API's id of the call that a result is for: the first call with this id and without a
   * result, or else the last. A result without a call keeps its id, in the API's form.
   */
  ofResult(id: string): string {
    const [next, ...others] = this.#open.get(id) ?? []
    if (next !== undefined) {
      this.#open.set(id, others)
      return next
    }
    const last = this.#calls.get(id)?.at(-1)
    if (last !== undefined) return last
    const own = LEGAL.test(id) ? id : hashOf(id, 0)
    if (own !== id) this.#originals.set(own, id)
    return own
  }

  /** Replaces the API's ids in the message of an error by the client's. */
  restored(error: unknown): unknown {
    if (!(error instanceof ApiError)) return error
    let { message } = error
    for (const [own, original] of this.#originals) message = message.replaceAll(own, original)
    if (message === error.message) return error
    const { type, status, requestId, retryAfter, details } = error
    return new ApiError(type, message, {
      status,
      details,
      cause: error,
      ...(requestId !== undefined && { requestId }),
      ...(retryAfter !== undefined && { retryAfter }),
    })
  }
}

function hashOf(id: string, count: number): string {
  const hash = createHash('sha256').update(`${count}:${id}`).digest('base64url')
  return `call_${hash.slice(0, 24)}`
}
