import type { ResponseItem } from 'openai/resources/responses/responses'

import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { newConversationId } from './conversation-id.ts'
import { forgetConversations } from './forget.ts'
import {
  conversationFull,
  conversationNotFound,
  itemNotFound,
  MAX_CONVERSATION,
} from './refusals.ts'
import { sizeOfRow } from './row-size.ts'
import type { Conversation, Conversations } from './stored.ts'
import { type TableOptions, USE_MILLISECONDS } from './table-responses.ts'

const RETENTION_NOTE =
  'Conversations are kept for some time after their last change (response_retention).'

/** The conversations of an owner in a database. */
export class TableConversations implements Conversations {
  readonly #store: Store
  readonly #db: Database
  readonly #owner: string
  readonly #options: TableOptions

  constructor(store: Store, owner: string, options: TableOptions) {
    this.#store = store
    this.#db = store.db
    this.#owner = owner
    this.#options = options
  }

  async create(metadata: Conversation['metadata']): Promise<Conversation> {
    const id = newConversationId()
    const now = this.#options.now()
    const text = JSON.stringify(metadata)
    const size = sizeOfRow(text)
    await this.#db
      .insertInto('conversations')
      .values({
        id,
        owner: this.#owner,
        created_at: now,
        changed_at: now,
        metadata: text,
        length: 0,
        size,
        used_at: now,
      })
      .execute()
    await this.#options.added(size)
    return this.get(id)
  }

  async get(id: string): Promise<Conversation> {
    const row = await this.#db
      .selectFrom('conversations')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', this.#owner)
      .where('changed_at', '>=', this.#options.now() - this.#options.retention)
      .executeTakeFirst()
    if (row === undefined) throw this.#notFound(id)
    const now = this.#options.now()
    if (row.used_at < now - USE_MILLISECONDS) {
      await this.#db
        .updateTable('conversations')
        .set({ used_at: now })
        .where('id', '=', id)
        .execute()
    }
    return {
      id,
      object: 'conversation',
      created_at: Math.floor(row.created_at / 1000),
      metadata: JSON.parse(row.metadata) as Conversation['metadata'],
    }
  }

  async update(id: string, metadata: Conversation['metadata']): Promise<Conversation> {
    const conversation = await this.get(id)
    await this.#db
      .updateTable('conversations')
      .set({ metadata: JSON.stringify(metadata), changed_at: this.#options.now() })
      .where('id', '=', id)
      .execute()
    return { ...conversation, metadata }
  }

  async delete(id: string): Promise<void> {
    await this.get(id)
    await this.#db.transaction().execute((db) => forgetConversations(db, [id]))
    await this.#store.scrub()
  }

  async items(id: string): Promise<readonly ResponseItem[]> {
    await this.get(id)
    const rows = await this.#db
      .selectFrom('conversation_items')
      .select('item')
      .where('conversation_id', '=', id)
      .orderBy('position')
      .execute()
    return rows.map(({ item }) => JSON.parse(item) as ResponseItem)
  }

  async item(id: string, itemId: string): Promise<ResponseItem> {
    await this.get(id)
    const row = await this.#db
      .selectFrom('conversation_items')
      .select('item')
      .where('conversation_id', '=', id)
      .where('item_id', '=', itemId)
      .orderBy('position')
      .executeTakeFirst()
    if (row === undefined) throw itemNotFound(id, itemId)
    return JSON.parse(row.item) as ResponseItem
  }

  async append(id: string, items: readonly ResponseItem[]): Promise<void> {
    await this.get(id)
    if (!(await this.#append(id, items, MAX_CONVERSATION))) throw this.#notFound(id)
  }

  async note(id: string, items: readonly ResponseItem[]): Promise<void> {
    await this.#append(id, items, Infinity)
  }

  async deleteItem(id: string, itemId: string): Promise<Conversation> {
    const conversation = await this.get(id)
    await this.#db.transaction().execute(async (db) => {
      const deleted = await db
        .deleteFrom('conversation_items')
        .where('conversation_id', '=', id)
        .where('item_id', '=', itemId)
        .returning('item')
        .execute()
      if (deleted.length === 0) throw itemNotFound(id, itemId)
      const size = deleted.reduce((sum, row) => sum + sizeOfRow(row.item), 0)
      await db
        .updateTable('conversations')
        .set((is) => ({ size: is('size', '-', size) }))
        .where('id', '=', id)
        .execute()
    })
    await this.#store.scrub()
    return conversation
  }

  /**
   * @param limit maximum bytes of the conversation
   * @returns false if there is no such conversation
   */
  async #append(id: string, items: readonly ResponseItem[], limit: number): Promise<boolean> {
    const texts = items.map((item) => JSON.stringify(item))
    const size = texts.reduce((sum, text) => sum + sizeOfRow(text), 0)
    const isAdded = await this.#db.transaction().execute(async (db) => {
      // Locks the conversation until the end: two servers never give the same position.
      const row = await db
        .updateTable('conversations')
        .set((is) => ({
          length: is('length', '+', items.length),
          size: is('size', '+', size),
          changed_at: this.#options.now(),
          used_at: this.#options.now(),
        }))
        .where('id', '=', id)
        .where('owner', '=', this.#owner)
        .returning(['length', 'size'])
        .executeTakeFirst()
      if (row === undefined) return false
      if (row.size > limit) throw conversationFull()
      const first = row.length - items.length
      const rows = items.map((item, index) => ({
        conversation_id: id,
        position: first + index,
        item_id: item.id ?? '',
        item: texts[index] as string,
      }))
      for (let start = 0; start < rows.length; start += ITEMS_OF_A_STATEMENT) {
        const some = rows.slice(start, start + ITEMS_OF_A_STATEMENT)
        await db.insertInto('conversation_items').values(some).execute()
      }
      return true
    })
    if (isAdded) await this.#options.added(size)
    return isAdded
  }

  #notFound(id: string): Error {
    return conversationNotFound(id, RETENTION_NOTE)
  }
}

const ITEMS_OF_A_STATEMENT = 1000
