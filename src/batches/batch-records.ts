import { type Selectable, sql } from 'kysely'

import { ApiError } from '../errors.ts'
import type { Database, Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { Batch, NewRequest, RequestResult, ResultLine } from './batch.ts'

/** Rows per transaction: other writers wait for its end. */
const ROWS_OF_A_STEP = 1000
/** Rows per statement: PostgreSQL accepts 65,535 values in total. */
const ROWS_OF_A_STATEMENT = 500

export type BatchPage = { batches: Batch[]; hasMore: boolean }
export type PageRequest = { limit: number; afterId?: string; beforeId?: string }

/** The batches in the store. Every function names an owner, and sees only that owner's batches. */
export class BatchRecords {
  readonly #store: Store
  readonly #db: Database
  readonly #now: () => number

  /** @param now milliseconds since the epoch */
  constructor(store: Store, now: () => number = Date.now) {
    this.#store = store
    this.#db = store.db
    this.#now = now
  }

  /** Begins a batch that stays invisible until it is opened. */
  async create(
    id: string,
    { owner, endpoint, betas, headers = '', expiry, inputFileId, metadata }: NewBatch,
  ): Promise<{ createdAt: number }> {
    const createdAt = this.#now()
    await this.#db
      .insertInto('batches')
      .values({
        id,
        owner,
        endpoint,
        betas: betas.join(','),
        headers: headers === '' ? null : headers,
        status: 'creating',
        paused: 0,
        created_at: createdAt,
        expires_at: createdAt + expiry,
        cancel_initiated_at: null,
        ended_at: null,
        input_file_id: inputFileId ?? null,
        metadata: metadata === undefined ? null : JSON.stringify(metadata),
        total: 0,
        succeeded: 0,
        errored: 0,
        canceled: 0,
        expired: 0,
      })
      .execute()
    return { createdAt }
  }

  /** @param first the position of the first request */
  async add(id: string, first: number, requests: readonly NewRequest[]): Promise<void> {
    const now = this.#now()
    const rows = requests.map(({ customId, params, problem }, index) => ({
      batch_id: id,
      position: first + index,
      custom_id: customId,
      params: problem === undefined ? params : '',
      state: problem === undefined ? ('waiting' as const) : ('errored' as const),
      attempts: 0,
      failures: 0,
      not_before: 0,
      worker: null,
      lease_until: null,
      result: problem === undefined ? null : JSON.stringify(problem),
      ended_at: problem === undefined ? null : now,
    }))
    await this.#db.transaction().execute(async (db) => {
      for (let start = 0; start < rows.length; start += ROWS_OF_A_STATEMENT) {
        const some = rows.slice(start, start + ROWS_OF_A_STATEMENT)
        await db.insertInto('batch_requests').values(some).execute()
      }
    })
  }

  /** Opens a batch after all its requests were stored. From then on it survives a crash. */
  async open(id: string, total: number, errored: number): Promise<void> {
    await this.#store.durably(async () => {
      await this.#db
        .updateTable('batches')
        .set({ status: 'in_progress', total, errored })
        .where('id', '=', id)
        .execute()
      await settle(this.#db, id, this.#now())
    })
    await this.#store.announce()
  }

  /** Deletes a batch whose requests did not all arrive. */
  async discard(id: string): Promise<void> {
    await this.#remove(id)
    await this.#store.scrub()
  }

  /** @throws ApiError 404 */
  async get(owner: string, id: string): Promise<Batch> {
    const row = await this.#db
      .selectFrom('batches')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', owner)
      .where('status', '!=', 'creating')
      .executeTakeFirst()
    if (row === undefined) throw new ApiError('not_found_error', `There is no batch '${id}'.`)
    return batchOf(row)
  }

  /**
   * A page of the list of batches, the latest first.
   *
   * @param endpoints of the API whose batches are listed
   * @throws ApiError 404 for an unknown `afterId` or `beforeId`
   */
  async list(
    owner: string,
    endpoints: readonly string[],
    { limit, afterId, beforeId }: PageRequest,
  ): Promise<BatchPage> {
    let query = this.#db
      .selectFrom('batches')
      .selectAll()
      .where('owner', '=', owner)
      .where('endpoint', 'in', endpoints)
      .where('status', '!=', 'creating')
      .limit(limit + 1)
    const from = afterId ?? beforeId
    const isBackwards = afterId === undefined && beforeId !== undefined
    if (from !== undefined) {
      const { createdAt } = await this.get(owner, from)
      query = query.where((is) =>
        is(is.refTuple('created_at', 'id'), isBackwards ? '>' : '<', is.tuple(createdAt, from)),
      )
    }
    const direction = isBackwards ? 'asc' : 'desc'
    const rows = await query.orderBy('created_at', direction).orderBy('id', direction).execute()
    const page = rows.slice(0, limit).map(batchOf)
    return { batches: isBackwards ? page.toReversed() : page, hasMore: rows.length > limit }
  }

  /** The unfinished batches of all owners, the oldest first; for the workers. */
  async unfinished(): Promise<Batch[]> {
    const rows = await this.#db
      .selectFrom('batches')
      .selectAll()
      .where('status', 'in', ['in_progress', 'canceling'])
      .orderBy('created_at')
      .execute()
    return rows.map(batchOf)
  }

  /**
   * Begins to cancel a batch. Requests in progress run to their end.
   *
   * @throws ApiError 404, and 400 if the batch has ended
   */
  async cancel(owner: string, id: string): Promise<Batch> {
    const batch = await this.get(owner, id)
    if (batch.status === 'ended') {
      throw new ApiError('invalid_request_error', `The batch '${id}' has ended already.`)
    }
    await this.#store.durably(() =>
      this.#db
        .updateTable('batches')
        .set({ status: 'canceling', cancel_initiated_at: this.#now() })
        .where('id', '=', id)
        .where('status', '=', 'in_progress')
        .execute(),
    )
    await this.#store.announce()
    return this.get(owner, id)
  }

  /** @throws ApiError 404 */
  async setPaused(owner: string, id: string, isPaused: boolean): Promise<Batch> {
    await this.get(owner, id)
    await this.#db
      .updateTable('batches')
      .set({ paused: isPaused ? 1 : 0 })
      .where('id', '=', id)
      .execute()
    await this.#store.announce()
    return this.get(owner, id)
  }

  /**
   * Deletes a batch with all its texts.
   *
   * @throws ApiError 404, and 400 if it has not ended
   */
  async delete(owner: string, id: string): Promise<void> {
    const { status } = await this.get(owner, id)
    if (status !== 'ended') {
      throw new ApiError(
        'invalid_request_error',
        `The batch '${id}' has not ended: cancel it first, and wait until it has ended.`,
      )
    }
    await this.#remove(id)
    await this.#store.scrub()
  }

  /** Lines of the results after a position, in the order of the requests. */
  async results(id: string, after: number, limit: number): Promise<ResultLine[]> {
    const rows = await this.#db
      .selectFrom('batch_requests')
      .select(['position', 'custom_id', 'result', 'attempts'])
      .where('batch_id', '=', id)
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit)
      .execute()
    return rows.flatMap(({ position, custom_id: customId, result, attempts }) =>
      result === null
        ? []
        : [{ position, customId, result: JSON.parse(result) as RequestResult, attempts }],
    )
  }

  /**
   * Ends the remaining requests of a batch that is canceled or expired. It can be interrupted at
   * any time and called again.
   */
  async sweep({ id, status, expiresAt }: Batch): Promise<void> {
    const isExpired = expiresAt <= this.#now()
    if (status !== 'canceling' && !isExpired) return
    const state = status === 'canceling' ? 'canceled' : 'expired'
    for (;;) {
      const count = await this.#db.transaction().execute(async (db) => {
        const some = db
          .selectFrom('batch_requests')
          .select('position')
          .where('batch_id', '=', id)
          .where('state', '=', 'waiting')
          .limit(ROWS_OF_A_STEP)
        const { numUpdatedRows } = await db
          .updateTable('batch_requests')
          .set({
            state,
            params: '',
            result: JSON.stringify({ type: state }),
            ended_at: this.#now(),
          })
          .where('batch_id', '=', id)
          .where('state', '=', 'waiting')
          .where('position', 'in', some)
          .executeTakeFirst()
        await addToCount(db, id, state, Number(numUpdatedRows))
        await settle(db, id, this.#now())
        return Number(numUpdatedRows)
      })
      if (count === 0) return
    }
  }

  /**
   * Deletes batches that ended before a time, and batches whose requests never arrived completely.
   */
  async forgetOld(retention: number): Promise<void> {
    const now = this.#now()
    const rows = await this.#db
      .selectFrom('batches')
      .select('id')
      .where((is) =>
        is.or([
          is.and([is('status', '=', 'ended'), is('created_at', '<', now - retention)]),
          is.and([is('status', '=', 'creating'), is('created_at', '<', now - LONGEST_CREATION)]),
        ]),
      )
      .execute()
    for (const { id } of rows) await this.#remove(id)
    if (rows.length > 0) await this.#store.scrub()
  }

  async #remove(id: string): Promise<void> {
    for (;;) {
      const some = this.#db
        .selectFrom('batch_requests')
        .select('position')
        .where('batch_id', '=', id)
        .limit(ROWS_OF_A_STEP)
      const { numDeletedRows } = await this.#db
        .deleteFrom('batch_requests')
        .where('batch_id', '=', id)
        .where('position', 'in', some)
        .executeTakeFirst()
      if (numDeletedRows === 0n) break
    }
    await this.#db.deleteFrom('batches').where('id', '=', id).execute()
  }
}

export type NewBatch = {
  owner: string
  endpoint: string
  betas: readonly string[]
  /** Headers that go to the API as they are, one in a line. */
  headers?: string
  /** Milliseconds. */
  expiry: number
  inputFileId?: string
  metadata?: object
}

/**
 * A batch that is still being read after so many milliseconds counts as abandoned: its server has
 * died.
 */
const LONGEST_CREATION = 60 * 60 * 1000

/** Adds to one of a batch's counts, in the transaction that ends its requests. */
export async function addToCount(
  db: Database,
  id: string,
  count: 'succeeded' | 'errored' | 'canceled' | 'expired',
  more: number,
): Promise<void> {
  await db
    .updateTable('batches')
    .set((is) => ({ [count]: is(count, '+', more) }))
    .where('id', '=', id)
    .execute()
}

/** Ends a batch whose requests are all finished. */
export async function settle(db: Database, id: string, now: number): Promise<void> {
  await db
    .updateTable('batches')
    .set({ status: 'ended', ended_at: now })
    .where('id', '=', id)
    .where('status', '!=', 'ended')
    .where(sql<boolean>`succeeded + errored + canceled + expired >= total`)
    .execute()
}

function batchOf(row: Selectable<Schema['batches']>): Batch {
  const { succeeded, errored, canceled, expired } = row
  return {
    id: row.id,
    owner: row.owner,
    endpoint: row.endpoint,
    betas: row.betas === '' ? [] : row.betas.split(','),
    headers: row.headers ?? '',
    status: row.status,
    isPaused: row.paused === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    cancelInitiatedAt: row.cancel_initiated_at,
    endedAt: row.ended_at,
    inputFileId: row.input_file_id,
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as object),
    counts: {
      processing: row.total - succeeded - errored - canceled - expired,
      succeeded,
      errored,
      canceled,
      expired,
    },
  }
}
