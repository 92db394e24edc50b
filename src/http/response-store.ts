import { LRUCache } from 'lru-cache'
import type { ResponseInputItem } from 'openai/resources/responses/responses'

import type { Message } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { invalid } from '../openai/invalid.ts'
import { placeOfItem } from '../openai/responses/output.ts'
import type { WireResponse } from '../openai/responses/reply.ts'
import type { Past } from '../openai/responses/request.ts'

export type StoredResponse = {
  response: WireResponse
  /** What its request added to the conversation, and then the answer. */
  added: Past
}

/** Characters of JSON. */
const LIMIT = 32_000_000

/**
 * Responses in memory; the least recently used ones go first. Each caller sees its own alone: for
 * everyone else there is no such response.
 */
export class ResponseStore {
  readonly #stored: LRUCache<string, StoredResponse>

  constructor(limit: number = LIMIT) {
    this.#stored = new LRUCache({
      maxSize: limit,
      sizeCalculation: (stored) => JSON.stringify(stored).length,
    })
  }

  /** @param caller whose response it is, by the name of `callerOf` */
  of(caller: string): CallersResponses {
    return new CallersResponses(this.#stored, caller)
  }
}

/** The responses of one caller. */
export class CallersResponses {
  readonly #stored: LRUCache<string, StoredResponse>
  readonly #caller: string

  constructor(stored: LRUCache<string, StoredResponse>, caller: string) {
    this.#stored = stored
    this.#caller = caller
  }

  add(stored: StoredResponse): void {
    this.#stored.set(this.#nameOf(stored.response.id), stored)
  }

  /** @throws ApiError 404 */
  get(id: string): WireResponse {
    const stored = this.#find(id)
    if (stored === undefined) throw notFound(id)
    return stored.response
  }

  /** @throws ApiError 404 */
  delete(id: string): void {
    if (!this.#stored.delete(this.#nameOf(id))) throw notFound(id)
  }

  /** @throws ApiError 400 if the response, or one before it, is not remembered */
  past(id: string | null | undefined): Past {
    const chain: Past[] = []
    for (let next = id; next;) {
      const stored = this.#find(next)
      if (stored === undefined) throw previousNotFound(next)
      chain.unshift(stored.added)
      next = stored.response.previous_response_id
    }
    const messages = chain.flatMap<Message>((past) => past.messages)
    return { system: chain.flatMap((past) => past.system), messages }
  }

  item(id: string): ResponseInputItem | undefined {
    const place = placeOfItem(id)
    if (place === undefined) return undefined
    const item = this.#find(place.responseId)?.response.output[place.index]
    return item as ResponseInputItem | undefined
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
