import { latestEnd } from '../store/lease.ts'
import type { Store } from '../store/store.ts'
import { addToCount, settle } from './batch-records.ts'
import type { ClaimedRequest, RequestResult, Tokens } from './batch.ts'
import { MAX_WAIT } from './judge.ts'

/**
 * The pending requests of batches. At most one worker holds the claim to a request, for as long as
 * its lease lasts or is renewed. The result of a worker that lost its lease is dropped, so each request
 * has one result.
 */
export class RequestQueue {
  readonly #store: Store
  readonly #worker: string
  readonly #lease: number
  readonly #now: () => number
  /** The requests that this process works on. */
  readonly #claimed = new Set<string>()

  /**
   * @param worker this process's name, from `newWorkerName`
   * @param lease milliseconds after which a silent worker counts as dead
   */
  constructor(store: Store, worker: string, lease: number, now: () => number = () => Date.now()) {
    this.#store = store
    this.#worker = worker
    this.#lease = lease
    this.#now = now
  }

  /**
   * Claims the first request of a batch that is due. The claim is stored before the request is
   * asked.
   */
  async claim(batchId: string): Promise<ClaimedRequest | undefined> {
    const now = this.#now()
    const claimed = await this.#store.db.transaction().execute(async (db) => {
      let query = db
        .selectFrom('batch_requests')
        .select(['position', 'custom_id', 'params', 'attempts', 'failures'])
        .where('batch_id', '=', batchId)
        .where('state', '=', 'waiting')
        .where((is) =>
          is.or([
            is('not_before', '<=', now),
            // From before the clock was put back.
            is('not_before', '>', now + MAX_WAIT),
          ]),
        )
        .orderBy('position')
        .limit(1)
      if (this.#store.skipsLocked) query = query.forUpdate().skipLocked()
      const row = await query.executeTakeFirst()
      if (row === undefined) return undefined
      const attempts = row.attempts + 1
      await db
        .updateTable('batch_requests')
        .set({ state: 'running', attempts, worker: this.#worker, lease_until: now + this.#lease })
        .where('batch_id', '=', batchId)
        .where('position', '=', row.position)
        .execute()
      return {
        batchId,
        position: row.position,
        customId: row.custom_id,
        params: row.params,
        attempts,
        failures: row.failures,
      }
    })
    if (claimed !== undefined) this.#claimed.add(nameOf(claimed))
    return claimed
  }

  /**
   * Stores a result. Only then does the request count as finished.
   *
   * @param tokens that it took
   */
  async finish(
    claimed: ClaimedRequest,
    result: RequestResult & { type: 'succeeded' | 'errored' },
    tokens?: Tokens,
  ): Promise<void> {
    const now = this.#now()
    const { batchId, position } = claimed
    await this.#store.db.transaction().execute(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('batch_requests')
        .set({
          state: result.type,
          params: '',
          result: JSON.stringify(result),
          worker: null,
          lease_until: null,
          ended_at: now,
        })
        .where('batch_id', '=', batchId)
        .where('position', '=', position)
        .where('state', '=', 'running')
        .where('worker', '=', this.#worker)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return
      await addToCount(db, batchId, result.type, 1, tokens)
      await settle(db, batchId, now)
    })
    this.#claimed.delete(nameOf(claimed))
  }

  /**
   * Puts a request back, to be asked again.
   *
   * @param after milliseconds until the next attempt
   */
  async putBack(
    claimed: ClaimedRequest,
    { after, failures, attempts }: { after: number; failures: number; attempts: number },
  ): Promise<void> {
    const { batchId, position } = claimed
    await this.#store.db
      .updateTable('batch_requests')
      .set({
        state: 'waiting',
        failures,
        attempts,
        not_before: this.#now() + after,
        worker: null,
        lease_until: null,
      })
      .where('batch_id', '=', batchId)
      .where('position', '=', position)
      .where('state', '=', 'running')
      .where('worker', '=', this.#worker)
      .execute()
    this.#claimed.delete(nameOf(claimed))
  }

  /** Renews the leases of this worker. Call it several times within each lease. */
  async renewLeases(): Promise<void> {
    await this.#store.db
      .updateTable('batch_requests')
      .set({ lease_until: this.#now() + this.#lease })
      .where('state', '=', 'running')
      .where('worker', '=', this.#worker)
      .execute()
  }

  /**
   * Puts back the requests that nobody works on: those of workers which are gone, and those that
   * this one has claimed without knowing it, because the connection broke at the answer. A lease of
   * this worker may have ended while the machine slept; its requests in progress are not repeated
   * for that.
   */
  async takeOver(): Promise<void> {
    await this.#takeBack()
    const { db } = this.#store
    const now = this.#now()
    const workers = await db
      .selectFrom('batch_requests')
      .select('worker')
      .distinct()
      .where('state', '=', 'running')
      .execute()
    const gone = workers.flatMap(({ worker }) =>
      worker !== null && this.#store.isGone(worker) ? [worker] : [],
    )
    await db
      .updateTable('batch_requests')
      .set({ state: 'waiting', worker: null, lease_until: null })
      .where('state', '=', 'running')
      .where('worker', '!=', this.#worker)
      .where((is) =>
        is.or([
          is('lease_until', '<', now),
          is('lease_until', '>', latestEnd(now, this.#lease)),
          ...(gone.length > 0 ? [is('worker', 'in', gone)] : []),
        ]),
      )
      .execute()
  }

  async #takeBack(): Promise<void> {
    const { db } = this.#store
    const own = await db
      .selectFrom('batch_requests')
      .select(['batch_id as batchId', 'position'])
      .where('state', '=', 'running')
      .where('worker', '=', this.#worker)
      .execute()
    for (const request of own.filter((each) => !this.#claimed.has(nameOf(each)))) {
      await db
        .updateTable('batch_requests')
        .set({ state: 'waiting', worker: null, lease_until: null })
        .where('batch_id', '=', request.batchId)
        .where('position', '=', request.position)
        .where('worker', '=', this.#worker)
        .execute()
    }
  }
}

function nameOf({ batchId, position }: Pick<ClaimedRequest, 'batchId' | 'position'>): string {
  return `${batchId} ${position}`
}
