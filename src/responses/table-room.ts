import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { fairShare } from './fair-share.ts'
import { forgetConversations, forgetResponses } from './forget.ts'

/** The shares of the limit after which a server checks the room, and to which it makes room. */
const CHECKED_SHARE = 0.05
const FULL_SHARE = 0.95
const CLEARED_SHARE = 0.9

/** The number of objects that are deleted in one step. */
const OBJECTS_OF_A_STEP = 500

/**
 * Keeps the stored objects of all owners to a total size. If there is no room for more, the owner
 * that uses most loses its least recently used objects. Each server checks the room after it has
 * stored a share of the limit, so each may exceed the limit by this share.
 */
export class TableRoom {
  readonly #store: Store
  readonly #limit: number
  readonly #onError: (error: unknown) => void
  /** Bytes that this server has stored since its last check. */
  #added = 0
  #clearing: Promise<void> | undefined

  /**
   * @param limit bytes
   * @param onError receives errors of the store
   */
  constructor(store: Store, limit: number, onError: (error: unknown) => void) {
    this.#store = store
    this.#limit = limit
    this.#onError = onError
  }

  /**
   * Call it after objects of this size were stored. Resolves when there is room again, so that a
   * client can't store faster than room is made.
   */
  async note(bytes: number): Promise<void> {
    this.#added += bytes
    if (this.#added < CHECKED_SHARE * this.#limit) return
    this.#clearing ??= this.#clear().finally(() => (this.#clearing = undefined))
    await this.#clearing
  }

  /** Deletes objects until all fit. */
  async clear(): Promise<void> {
    let isChanged = false
    while (await this.#clearOwner()) isChanged = true
    if (isChanged) await this.#store.scrub()
  }

  async #clear(): Promise<void> {
    this.#added = 0
    await this.clear().catch(this.#onError)
  }

  /**
   * Deletes objects of the owner who uses most.
   *
   * @returns false if nothing was deleted
   */
  #clearOwner(): Promise<boolean> {
    return this.#store.db.transaction().execute(async (db) => {
      // Two servers that make room at once would delete twice as much.
      await this.#store.serialize(db, 'room for responses')
      const sizes = await sizesIn(db)
      const total = sizes.reduce((sum, { size }) => sum + size, 0)
      if (total <= FULL_SHARE * this.#limit) return false
      const share = fairShare(
        sizes.map(({ size }) => size),
        CLEARED_SHARE * this.#limit,
      )
      const [{ owner, size } = { owner: '', size: 0 }] = sizes.toSorted((a, b) => b.size - a.size)
      let left = size - share
      while (left > 0) {
        const objects = await leastUsedIn(db, owner, left)
        if (objects.length === 0) break
        await forgetResponses(db, idsOf(objects, 'response'))
        await forgetConversations(db, idsOf(objects, 'conversation'))
        left -= objects.reduce((sum, object) => sum + object.size, 0)
      }
      return left < size - share
    })
  }
}

type Kept = { kind: 'response' | 'conversation'; id: string; size: number }

async function sizesIn(db: Database): Promise<{ owner: string; size: number }[]> {
  const rows = await db
    .selectFrom((is) =>
      is
        .selectFrom('responses')
        .select(['owner', 'size'])
        .unionAll(is.selectFrom('conversations').select(['owner', 'size']))
        .as('kept'),
    )
    .select((is) => ['owner', is.fn.sum<number>('size').as('size')])
    .groupBy('owner')
    .execute()
  return rows
}

/** The least recently used objects of an owner that together have some size. None is in progress. */
async function leastUsedIn(db: Database, owner: string, size: number): Promise<Kept[]> {
  const responses = db
    .selectFrom('responses')
    .select((is) => [is.val('response').as('kind'), 'id', 'size', 'used_at'])
    .where('owner', '=', owner)
    .where('worker', 'is', null)
  const conversations = db
    .selectFrom('conversations')
    .select((is) => [is.val('conversation').as('kind'), 'id', 'size', 'used_at'])
    .where('owner', '=', owner)
  const rows = await responses
    .unionAll(conversations)
    .orderBy('used_at')
    .limit(OBJECTS_OF_A_STEP)
    .execute()
  const objects: Kept[] = []
  let left = size
  for (const row of rows as Kept[]) {
    if (left <= 0) break
    left -= row.size
    objects.push(row)
  }
  return objects
}

function idsOf(objects: readonly Kept[], kind: Kept['kind']): string[] {
  return objects.filter((object) => object.kind === kind).map(({ id }) => id)
}
