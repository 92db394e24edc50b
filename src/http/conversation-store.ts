import { randomBytes } from 'node:crypto'

import { LRUCache } from 'lru-cache'
import type { ResponseItem } from 'openai/resources/responses/responses'

import { ApiError } from '../errors.ts'

export type Conversation = {
  id: string
  object: 'conversation'
  /** Seconds since 1970. */
  created_at: number
  metadata: Record<string, string>
}

type Stored = { conversation: Conversation; items: readonly ResponseItem[] }

/** Characters of JSON. */
const LIMIT = 32_000_000

/**
 * Keeps conversations in memory, and drops the least recently used ones first. A caller sees only
 * its own.
 */
export class ConversationStore {
  readonly #stored: LRUCache<string, Stored>

  constructor(limit: number = LIMIT) {
    this.#stored = new LRUCache({
      maxSize: limit,
      sizeCalculation: (stored) => JSON.stringify(stored).length,
    })
  }

  /** @param caller whose conversations they are, by the name of `callerOf` */
  of(caller: string): CallersConversations {
    return new CallersConversations(this.#stored, caller)
  }
}

/** The conversations of one caller. All methods throw an ApiError 404 for one that is not there. */
export class CallersConversations {
  readonly #stored: LRUCache<string, Stored>
  readonly #caller: string

  constructor(stored: LRUCache<string, Stored>, caller: string) {
    this.#stored = stored
    this.#caller = caller
  }

  /** @param createdAt seconds since 1970 */
  create(metadata: Conversation['metadata'], createdAt: number): Conversation {
    const id = `conv_${randomBytes(16).toString('hex')}`
    const conversation = { id, object: 'conversation' as const, created_at: createdAt, metadata }
    this.#set(id, { conversation, items: [] })
    return conversation
  }

  get(id: string): Conversation {
    return this.#find(id).conversation
  }

  update(id: string, metadata: Conversation['metadata']): Conversation {
    const { conversation, items } = this.#find(id)
    const changed = { ...conversation, metadata }
    this.#set(id, { conversation: changed, items })
    return changed
  }

  delete(id: string): void {
    if (!this.#stored.delete(this.#nameOf(id))) throw notFound(id)
  }

  /** The oldest first. */
  items(id: string): readonly ResponseItem[] {
    return this.#find(id).items
  }

  item(id: string, itemId: string): ResponseItem {
    const item = this.items(id).find((one) => one.id === itemId)
    if (item === undefined) throw itemNotFound(id, itemId)
    return item
  }

  /** Adds the items of a response, unless the conversation was deleted meanwhile. */
  note(id: string, items: readonly ResponseItem[]): void {
    if (this.#stored.has(this.#nameOf(id))) this.append(id, items)
  }

  append(id: string, items: readonly ResponseItem[]): void {
    const stored = this.#find(id)
    this.#set(id, { ...stored, items: [...stored.items, ...items] })
  }

  deleteItem(id: string, itemId: string): Conversation {
    const { conversation, items } = this.#find(id)
    const kept = items.filter((item) => item.id !== itemId)
    if (kept.length === items.length) throw itemNotFound(id, itemId)
    this.#set(id, { conversation, items: kept })
    return conversation
  }

  #find(id: string): Stored {
    const stored = this.#stored.get(this.#nameOf(id))
    if (stored === undefined) throw notFound(id)
    return stored
  }

  #set(id: string, stored: Stored): void {
    this.#stored.set(this.#nameOf(id), stored)
  }

  #nameOf(id: string): string {
    return `${this.#caller} ${id}`
  }
}

function notFound(id: string): ApiError {
  return new ApiError(
    'not_found_error',
    `There is no conversation '${id}'. Conversations are kept in memory, for some time.`,
  )
}

function itemNotFound(id: string, itemId: string): ApiError {
  return new ApiError('not_found_error', `There is no item '${itemId}' in conversation '${id}'.`)
}
