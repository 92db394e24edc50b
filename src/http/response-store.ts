import type { ResponseInputItem } from 'openai/resources/responses/responses'

import type { Message } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { invalid } from '../openai/invalid.ts'
import { placeOfItem } from '../openai/responses/output.ts'
import type { WireResponse } from '../openai/responses/reply.ts'
import type { Past } from '../openai/responses/request.ts'
import { BoundedStore } from './bounded-store.ts'

export type StoredResponse = {
  response: WireResponse
  /** What its request added to the conversation, and then the answer. */
  added: Past
}

/** Characters of JSON. */
const LIMIT = 32_000_000

/** Responses in memory; the ones that were not asked for longest are forgotten. */
export class ResponseStore {
  readonly #store: BoundedStore<StoredResponse>

  constructor(limit: number = LIMIT) {
    this.#store = new BoundedStore(limit)
  }

  add(stored: StoredResponse): void {
    this.#store.set(stored.response.id, stored, JSON.stringify(stored).length)
  }

  /** @throws ApiError 404 */
  get(id: string): WireResponse {
    const stored = this.#store.get(id)
    if (stored === undefined) throw notFound(id)
    return stored.response
  }

  /** @throws ApiError 404 */
  delete(id: string): void {
    if (!this.#store.delete(id)) throw notFound(id)
  }

  /** @throws ApiError (400) where the response, or one before it, is not remembered */
  past(id: string | null | undefined): Past {
    const chain: Past[] = []
    for (let next = id; next;) {
      const stored = this.#store.get(next)
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
    const item = this.#store.get(place.responseId)?.response.output[place.index]
    return item as ResponseInputItem | undefined
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
