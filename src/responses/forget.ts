import type { Database } from '../store/schema.ts'

/**
 * Deletes responses with their events.
 *
 * @param db a transaction
 */
export async function forgetResponses(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.deleteFrom('responses').where('id', 'in', ids).execute()
  await db.deleteFrom('response_events').where('response_id', 'in', ids).execute()
}

/**
 * Deletes conversations with their items.
 *
 * @param db a transaction
 */
export async function forgetConversations(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.deleteFrom('conversations').where('id', 'in', ids).execute()
  await db.deleteFrom('conversation_items').where('conversation_id', 'in', ids).execute()
}
