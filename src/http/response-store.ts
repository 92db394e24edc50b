import { LRUCache } from 'lru-cache'
import type {
  ResponseInputItem,
  ResponseItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'

import type { Message } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { invalid } from '../openai/invalid.ts'
import { placeOfItem } from '../openai/responses/output.ts'
import type { WireResponse } from '../openai/responses/reply.ts'
import { NO_PAST, type Past } from '../openai/responses/request.ts'
import type { BackgroundResponse } from './background-response.ts'

export type StoredResponse = {
  response: WireResponse
  /** The messages that its request added to the conversation, and the answer. */
  added: Past
  /** The input of its request. */
  input: ResponseItem[]
  /** Events; only if the response was made in the background. */
  events?: readonly ResponseStreamEvent[]
}

/** Characters of JSON. */
const LIMIT = 32_000_000

/** Maximum background responses at a time, for all callers together. */
const MOST_RUNNING = 200

/**
 * Keeps responses in memory, and drops the least recently used ones first. A caller sees only its
 * own.
 */
export class ResponseStore {
  readonly #stored: LRUCache<string, StoredResponse>
  readonly #running = new Map<string, BackgroundResponse>()

  constructor(limit: number = LIMIT) {
    this.#stored = new LRUCache({
      maxSize: limit,
      sizeCalculation: (stored) => JSON.stringify(stored).length,
    })
  }

  /** @param caller whose responses they are, by the name of `callerOf` */
  of(caller: string): CallersResponses {
    return new CallersResponses(this.#stored, this.#running, caller)
  }
}

/** The responses of one caller. */
export class CallersResponses {
  readonly #stored: LRUCache<string, StoredResponse>
  readonly #running: Map<string, BackgroundResponse>
  readonly #caller: string

  constructor(
    stored: LRUCache<string, StoredResponse>,
    running: Map<string, BackgroundResponse>,
    caller: string,
  ) {
    this.#stored = stored
    this.#running = running
    this.#caller = caller
  }

  add(stored: StoredResponse): void {
    this.#stored.set(this.#nameOf(stored.response.id), stored)
  }

  /**
   * Keeps a response that is being made, until it is whole or failed.
   *
   * @param input of its request
   * @throws ApiError 529 if too many are being made
   */
  run(job: BackgroundResponse, input: ResponseItem[]): void {
    if (this.#running.size >= MOST_RUNNING) {
      throw new ApiError(
        'overloaded_error',
        `There are ${MOST_RUNNING} responses in the background already.`,
      )
    }
    const name = this.#nameOf(job.response.id)
    this.#running.set(name, job)
    void this.#keepWhenEnded(name, job, input)
  }

  async #keepWhenEnded(
    name: string,
    job: BackgroundResponse,
    input: ResponseItem[],
  ): Promise<void> {
    await job.ended
    // A response that was deleted meanwhile is gone.
    if (!this.#running.delete(name)) return
    const { response, events } = job
    const added = this.#stored.get(name)?.added ?? NO_PAST
    this.#stored.set(name, { response, added, input, events })
  }

  /** The response while it is being made in the background. */
  running(id: string): BackgroundResponse | undefined {
    return this.#running.get(this.#nameOf(id))
  }

  /** @throws ApiError 404 */
  get(id: string): WireResponse {
    return this.running(id)?.response ?? this.stored(id).response
  }

  /** @throws ApiError 404 */
  stored(id: string): StoredResponse {
    const stored = this.#find(id)
    if (stored === undefined) throw notFound(id)
    return stored
  }

  /** @throws ApiError 404 */
  delete(id: string): void {
    const name = this.#nameOf(id)
    const job = this.#running.get(name)
    this.#running.delete(name)
    job?.cancel()
    if (!this.#stored.delete(name) && job === undefined) throw notFound(id)
  }

  /** @throws ApiError 400 if the response, or one before it, is not remembered */
  past(id: string | null | undefined): Past {
    const chain = this.#chain(id).map(({ added }) => added)
    return {
      system: chain.flatMap((past) => past.system),
      messages: chain.flatMap<Message>((past) => past.messages),
      tools: chain.flatMap((past) => past.tools),
    }
  }

  /** The input of a response: the items of all responses before it, and its own. */
  input(id: string): ResponseItem[] {
    const { response, input } = this.stored(id)
    const before = this.#chain(response.previous_response_id).flatMap((stored) => [
      ...stored.input,
      ...(stored.response.output as ResponseItem[]),
    ])
    return [...before, ...input]
  }

  item(id: string): ResponseInputItem | undefined {
    const place = placeOfItem(id)
    if (place === undefined) return undefined
    const item = this.#find(place.responseId)?.response.output[place.index]
    return item as ResponseInputItem | undefined
  }

  /** A response and those before it, the oldest first. */
  #chain(id: string | null | undefined): StoredResponse[] {
    const chain: StoredResponse[] = []
    for (let next = id; next;) {
      const stored = this.#find(next)
      if (stored === undefined) throw previousNotFound(next)
      chain.unshift(stored)
      next = stored.response.previous_response_id
    }
    return chain
  }

  #find(id: string): StoredResponse | undefined {
    return this.#stored.get(this.#nameOf(id))
  }

  #nameOf(id: string): string {
    return `${this.#caller} ${id}`
  }
}

const FORGOTTEN = 'Responses are kept in memory, for some time, unless store is false.'

function notFound(id: string): ApiError {
  return new ApiError('not_found_error', `There is no response '${id}'. ${FORGOTTEN}`)
}

function previousNotFound(id: string): ApiError {
  return invalid(
    `previous_response_id: there is no response '${id}'. ${FORGOTTEN} Send the whole input instead.`,
    'previous_response_id',
    'previous_response_not_found',
  )
}
