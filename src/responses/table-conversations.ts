import type { ResponseItem } from 'openai/resources/responses/responses'

import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { newConversationId } from './conversation-id.ts'
import { conversationNotFound, itemNotFound } from './refusals.ts'
import type { Conversation, Conversations } from './stored.ts'
import type { TableOptions } from './table-responses.ts'

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
    await this.#db
      .insertInto('conversations')
      .values({
        id,
        owner: this.#owner,
        created_at: now,
        changed_at: now,
        metadata: JSON.stringify(metadata),
        length: 0,
      })
      .execute()
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
    await forgetConversations(this.#db, [id])
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
    if (!(await this.#append(id, items))) throw this.#notFound(id)
  }

  async note(id: string, items: readonly ResponseItem[]): Promise<void> {
    await this.#append(id, items)
  }

  async deleteItem(id: string, itemId: string): Promise<Conversation> {
    const conversation = await this.get(id)
    const { numDeletedRows } = await this.#db
      .deleteFrom('conversation_items')
      .where('conversation_id', '=', id)
      .where('item_id', '=', itemId)
      .executeTakeFirst()
    if (numDeletedRows === 0n) throw itemNotFound(id, itemId)
    await this.#store.scrub()
    return conversation
  }

  /** @returns false if there is no such conversation */
  #append(id: string, items: readonly ResponseItem[]): Promise<boolean> {
    return this.#db.transaction().execute(async (db) => {
      // Locks the conversation until the end: two servers never give the same position.
      const row = await db
        .updateTable('conversations')
        .set((is) => ({
          length: is('length', '+', items.length),
          changed_at: this.#options.now(),
        }))
        .where('id', '=', id)
        .where('owner', '=', this.#owner)
        .returning('length')
        .executeTakeFirst()
      if (row === undefined) return false
      const first = row.length - items.length
      const rows = items.map((item, index) => ({
        conversation_id: id,
        position: first + index,
        item_id: item.id ?? '',
        item: JSON.stringify(item),
      }))
      for (let start = 0; start < rows.length; start += ITEMS_OF_A_STATEMENT) {
        const some = rows.slice(start, start + ITEMS_OF_A_STATEMENT)
        await db.insertInto('conversation_items').values(some).execute()
      }
      return true
    })
  }

  #notFound(id: string): Error {
    return conversationNotFound(id, RETENTION_NOTE)
  }
}

const ITEMS_OF_A_STATEMENT = 1000

/** Deletes conversations with their items. */
export async function forgetConversations(db: Database, ids: readonly string[]): Promise<void> {
  await db.transaction().execute(async (step) => {
    await step.deleteFrom('conversations').where('id', 'in', ids).execute()
    await step.deleteFrom('conversation_items').where('conversation_id', 'in', ids).execute()
  })
}
