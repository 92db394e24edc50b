import { sql } from 'kysely'

import type { LazyStore } from '../store/lazy-store.ts'
import { within } from '../within.ts'
import { LocalBuckets, MINUTE, type RequestBuckets, shareOf, waitFor } from './request-buckets.ts'

/** How long a request waits for the database, in milliseconds. */
const PATIENCE = 2000
/** The pause after the database could not be reached, in milliseconds. */
const PAUSE = 5000

/**
 * The buckets that replicas share in their database. While the database can't be reached, each
 * replica counts by itself.
 */
export class SharedBuckets implements RequestBuckets {
  readonly #store: Pick<LazyStore, 'open'>
  readonly #onError: (error: unknown) => void
  readonly #local = new LocalBuckets()
  #isTold = false
  /** `performance.now()` */
  #pausedUntil = 0

  /**
   * @param onError called when the database can't be reached, once until it can be reached again
   */
  constructor(store: Pick<LazyStore, 'open'>, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
  }

  async take(name: string, perMinute: number): Promise<number> {
    if (performance.now() < this.#pausedUntil) return this.#local.take(name, perMinute)
    try {
      const taken = this.#take(name, perMinute)
      if (!(await within(PATIENCE, taken))) throw new Error('The database does not answer.')
      this.#isTold = false
      return await taken
    } catch (error) {
      if (!this.#isTold) this.#onError(error)
      this.#isTold = true
      this.#pausedUntil = performance.now() + PAUSE
      return this.#local.take(name, perMinute)
    }
  }

  async #take(name: string, perMinute: number): Promise<number> {
    const { db } = await this.#store.open()
    const [now, share] = [Date.now(), shareOf(perMinute)]
    // One statement, so that two replicas never take the same request.
    const fullAt = sql<number>`case when key_requests.full_at > ${now} then key_requests.full_at else ${now} end`
    const taken = await db
      .insertInto('key_requests')
      .values({ name, full_at: now + share })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ full_at: sql<number>`${fullAt} + ${share}` })
          .where(sql<boolean>`${fullAt} + ${share} - ${now} <= ${MINUTE + 0.5}`),
      )
      .returning('full_at')
      .executeTakeFirst()
    if (taken !== undefined) return 0
    const row = await db
      .selectFrom('key_requests')
      .select('full_at')
      .where('name', '=', name)
      .executeTakeFirst()
    return Math.max(1, waitFor((row?.full_at ?? now) - now, perMinute))
  }
}
