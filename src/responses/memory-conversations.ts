import type { ResponseItem } from 'openai/resources/responses/responses'

import { sizeOf } from '../json-pieces.ts'
import { newConversationId } from './conversation-id.ts'
import { MemoryRoom } from './memory-room.ts'
import {
  conversationFull,
  conversationNotFound,
  itemNotFound,
  MAX_CONVERSATION,
} from './refusals.ts'
import type { Conversation, Conversations } from './stored.ts'

type Kept = { conversation: Conversation; items: readonly ResponseItem[] }

const RETENTION_NOTE = 'Conversations are kept in memory, for some time.'

/** Keeps conversations in memory. */
export class MemoryConversations {
  readonly #stored = new MemoryRoom<Kept>()

  /** @param caller the owner of the conversations, a name from `callerOf` */
  of(caller: string): Conversations {
    return new CallersConversations(this.#stored, caller)
  }
}

class CallersConversations implements Conversations {
  readonly #stored: MemoryRoom<Kept>
  readonly #caller: string

  constructor(stored: MemoryRoom<Kept>, caller: string) {
    this.#stored = stored
    this.#caller = caller
  }

  async create(metadata: Conversation['metadata']): Promise<Conversation> {
    const id = newConversationId()
    const createdAt = Math.floor(Date.now() / 1000)
    const conversation = { id, object: 'conversation' as const, created_at: createdAt, metadata }
    this.#set(id, { conversation, items: [] })
    return conversation
  }

  async get(id: string): Promise<Conversation> {
    return this.#get(id).conversation
  }

  async update(id: string, metadata: Conversation['metadata']): Promise<Conversation> {
    const { conversation, items } = this.#get(id)
    const changed = { ...conversation, metadata }
    this.#set(id, { conversation: changed, items })
    return changed
  }

  async delete(id: string): Promise<void> {
    if (!this.#stored.delete(this.#caller, id)) throw conversationNotFound(id, RETENTION_NOTE)
  }

  async items(id: string): Promise<readonly ResponseItem[]> {
    return this.#get(id).items
  }

  async item(id: string, itemId: string): Promise<ResponseItem> {
    const item = this.#get(id).items.find((one) => one.id === itemId)
    if (item === undefined) throw itemNotFound(id, itemId)
    return item
  }

  async append(id: string, items: readonly ResponseItem[]): Promise<void> {
    const { conversation, items: before } = this.#get(id)
    if (sizeOf(before) + sizeOf(items) > MAX_CONVERSATION) throw conversationFull()
    this.#set(id, { conversation, items: [...before, ...items] })
  }

  async note(id: string, items: readonly ResponseItem[]): Promise<void> {
    const stored = this.#stored.get(this.#caller, id)
    if (stored !== undefined) this.#set(id, { ...stored, items: [...stored.items, ...items] })
  }

  async deleteItem(id: string, itemId: string): Promise<Conversation> {
    const { conversation, items } = this.#get(id)
    const kept = items.filter((item) => item.id !== itemId)
    if (kept.length === items.length) throw itemNotFound(id, itemId)
    this.#set(id, { conversation, items: kept })
    return conversation
  }

  #get(id: string): Kept {
    const stored = this.#stored.get(this.#caller, id)
    if (stored === undefined) throw conversationNotFound(id, RETENTION_NOTE)
    return stored
  }

  #set(id: string, stored: Kept): void {
    this.#stored.set(this.#caller, id, stored)
  }
}
