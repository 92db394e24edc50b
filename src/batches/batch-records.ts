import { type ExpressionBuilder, type Selectable, sql } from 'kysely'

import { ApiError } from '../errors.ts'
import { abandonedIn, INTAKE_LEASE, intakeLost, whileRenewed } from '../store/intake.ts'
import type { Database, Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import {
  type Batch,
  countOf,
  type Fault,
  type NewRequest,
  type OutputKind,
  type RequestResult,
  type ResultLine,
  type Tokens,
} from './batch.ts'

/** Rows per transaction: other writers wait for its end. */
const ROWS_OF_A_STEP = 1000

/** Rows per statement: PostgreSQL accepts 65,535 values in total. */
const ROWS_OF_A_STATEMENT = 500

/** Results of one read. */
const RESULTS_OF_A_STEP = 100

export type BatchPage = { batches: Batch[]; hasMore: boolean }
export type PageRequest = { limit: number; afterId?: string; beforeId?: string }

/** The batches in the store. Every function names an owner, and sees only that owner's batches. */
export class BatchRecords {
  readonly #store: Store
  readonly #db: Database
  readonly #worker: string
  /** Whether something could not be deleted: `forgetOld` tries again. */
  hasLeftovers = false
  readonly #now: () => number

  /**
   * @param worker the name of this process, from `newWorkerName`
   * @param now milliseconds since the epoch
   */
  constructor(store: Store, worker: string, now: () => number = () => Date.now()) {
    this.#store = store
    this.#db = store.db
    this.#worker = worker
    this.#now = now
  }

  /** Begins a batch that stays invisible until it is opened. */
  async create(
    id: string,
    {
      owner,
      endpoint,
      betas,
      headers = '',
      expiry,
      inputFileId,
      metadata,
      outputLifetime,
    }: NewBatch,
  ): Promise<void> {
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
        model: null,
        errors: null,
        output_lifetime: outputLifetime ?? null,
        output_size: null,
        errors_size: null,
        worker: this.#worker,
        lease_until: createdAt + INTAKE_LEASE,
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        reasoning_tokens: 0,
        total: 0,
        succeeded: 0,
        errored: 0,
        canceled: 0,
        expired: 0,
      })
      .execute()
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

  /** Keeps a batch for as long as its requests arrive. */
  whileTakenIn<T>(id: string, work: () => Promise<T>): Promise<T> {
    return whileRenewed(this.#db, 'batches', id, this.#now, work)
  }

  /**
   * Opens a batch after all its requests were stored. From then on it survives a crash. Its time
   * begins now: over a slow connection, the requests may have taken an hour to arrive.
   *
   * @throws ApiError 503 if other servers took this one for dead, and deleted the batch
   */
  async open(id: string, { total, errored, model }: TakenIn): Promise<void> {
    await this.#store.durably(async () => {
      const now = this.#now()
      const { numUpdatedRows } = await this.#db
        .updateTable('batches')
        .set({
          status: 'in_progress',
          created_at: now,
          expires_at: sql<number>`expires_at - created_at + ${now}`,
          total,
          errored,
          model: model ?? null,
          worker: null,
          lease_until: null,
        })
        .where('id', '=', id)
        .where('status', '=', 'creating')
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw intakeLost('batch')
      await settle(this.#db, id, now)
    })
    await this.#store.announce('batches')
  }

  /** Ends a batch whose file has faults. */
  async fail(id: string, faults: readonly Fault[]): Promise<void> {
    await this.#removeRequests(id)
    await this.#db
      .updateTable('batches')
      .set({
        status: 'ended',
        errors: JSON.stringify(faults),
        ended_at: this.#now(),
        worker: null,
        lease_until: null,
      })
      .where('id', '=', id)
      .execute()
    await this.#store.scrub()
  }

  /** Deletes a batch whose requests did not all arrive. */
  async discard(id: string): Promise<void> {
    this.hasLeftovers = true
    await this.#remove(id)
    await this.#store.scrub()
    this.hasLeftovers = false
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
    await this.#store.announce('batches')
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
    await this.#store.announce('batches')
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

  /**
   * The results of a batch that has ended, some at a time, in the order of the requests.
   *
   * @param kind only the results of this kind
   * @throws Error if it is deleted meanwhile: a part must not look like the whole
   */
  async *allResults({ id, counts }: Batch, kind?: OutputKind): AsyncIterableIterator<ResultLine[]> {
    const total = { output: countOf(counts, 'output'), errors: countOf(counts, 'errors') }
    const wanted = kind === undefined ? total.output + total.errors : total[kind]
    let last = -1
    for (let read = 0; read < wanted;) {
      const lines = await this.results(id, last, RESULTS_OF_A_STEP, kind)
      if (lines.length === 0) throw new Error(`The batch '${id}' was deleted while it was read.`)
      read += lines.length
      last = lines.at(-1)?.position ?? last
      yield lines
    }
  }

  /** Lines of the results after a position, in the order of the requests. */
  async results(
    id: string,
    after: number,
    limit: number,
    kind?: OutputKind,
  ): Promise<ResultLine[]> {
    let query = this.#db
      .selectFrom('batch_requests')
      .select(['position', 'custom_id', 'result', 'attempts'])
      .where('batch_id', '=', id)
      .where('position', '>', after)
    if (kind !== undefined) query = query.where(isOfKind(kind))
    const rows = await query.orderBy('position').limit(limit).execute()
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
        let some = db
          .selectFrom('batch_requests')
          .select('position')
          .where('batch_id', '=', id)
          .where('state', '=', 'waiting')
          .limit(ROWS_OF_A_STEP)
        // Two servers that sweep at once must not wait for each other in a circle.
        if (this.#store.skipsLocked) some = some.forUpdate().skipLocked()
        const positions = await positionsOf(some)
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
          .where('position', 'in', positions)
          .executeTakeFirst()
        await addToCount(db, id, state, Number(numUpdatedRows))
        await settle(db, id, this.#now())
        return Number(numUpdatedRows)
      })
      if (count === 0) return
    }
  }

  /**
   * Deletes batches that are older than the retention and have ended, those whose server died
   * before all requests had arrived, and results whose lifetime is over.
   */
  async forgetOld(retention: number): Promise<void> {
    const now = this.#now()
    const old = await this.#db
      .selectFrom('batches')
      .select('id')
      .where('status', '=', 'ended')
      .where('created_at', '<', now - retention)
      .execute()
    const abandoned = await abandonedIn(this.#store, 'batches', this.#worker, now)
    const outputs = await this.#db
      .selectFrom('batches')
      .select('id')
      .where('status', '=', 'ended')
      .where(sql<boolean>`ended_at + output_lifetime <= ${now}`)
      .execute()
    let deleted = 0
    for (const id of [...old.map((row) => row.id), ...abandoned]) deleted += await this.#remove(id)
    for (const { id } of outputs) deleted += await this.#removeRequests(id)
    if (deleted > 0) await this.#store.scrub()
    this.hasLeftovers = false
  }

  /**
   * A page of the batches that have a file of results, by the time of their end.
   *
   * @param from the first one: the time of its end, and its id
   */
  async withResults(
    owner: string,
    endpoints: readonly string[],
    { limit, from, isAscending }: ResultsPage,
  ): Promise<Batch[]> {
    let query = this.#db
      .selectFrom('batches')
      .selectAll()
      .where('owner', '=', owner)
      .where('endpoint', 'in', endpoints)
      .where('status', '=', 'ended')
      .where(
        sql<boolean>`(succeeded > 0 and coalesce(output_size, 1) > 0 or succeeded < total and coalesce(errors_size, 1) > 0)`,
      )
      .where(sql<boolean>`(output_lifetime is null or ended_at + output_lifetime > ${this.#now()})`)
      .limit(limit)
    if (from !== undefined) {
      query = query.where((is) =>
        is(
          is.refTuple('ended_at', 'id'),
          isAscending ? '>=' : '<=',
          is.tuple(from.createdAt, from.id),
        ),
      )
    }
    const direction = isAscending ? 'asc' : 'desc'
    const rows = await query.orderBy('ended_at', direction).orderBy('id', direction).execute()
    return rows.map(batchOf)
  }

  /** Keeps the measured size of a file of results. */
  async noteOutputSize(id: string, kind: OutputKind, size: number): Promise<void> {
    await this.#db
      .updateTable('batches')
      .set({ [`${kind}_size`]: size })
      .where('id', '=', id)
      // A deleted file stays deleted.
      .where(`${kind}_size`, 'is', null)
      .execute()
  }

  /** Deletes a file of results. */
  async deleteOutput(id: string, kind: OutputKind): Promise<void> {
    await this.#db
      .updateTable('batches')
      .set({ [`${kind}_size`]: 0 })
      .where('id', '=', id)
      .execute()
    await this.#removeRequests(id, kind)
    await this.#store.scrub()
  }

  /** Returns the number of deleted rows. */
  async #remove(id: string): Promise<number> {
    const requests = await this.#removeRequests(id)
    await this.#db.deleteFrom('batches').where('id', '=', id).execute()
    return requests + 1
  }

  async #removeRequests(id: string, kind?: OutputKind): Promise<number> {
    for (let deleted = 0; ;) {
      let some = this.#db
        .selectFrom('batch_requests')
        .select('position')
        .where('batch_id', '=', id)
        .limit(ROWS_OF_A_STEP)
      if (kind !== undefined) some = some.where(isOfKind(kind))
      const { numDeletedRows } = await this.#db
        .deleteFrom('batch_requests')
        .where('batch_id', '=', id)
        .where('position', 'in', await positionsOf(some))
        .executeTakeFirst()
      if (numDeletedRows === 0n) return deleted
      deleted += Number(numDeletedRows)
    }
  }
}

function isOfKind(kind: OutputKind) {
  return (is: ExpressionBuilder<Schema, 'batch_requests'>) =>
    is('state', kind === 'output' ? '=' : '!=', 'succeeded')
}

export type ResultsPage = {
  limit: number
  from?: { createdAt: number; id: string } | undefined
  isAscending: boolean
}

/**
 * The positions of a step's requests, read before the statement that changes them. As a part of that
 * statement, PostgreSQL may read them anew for each row of the batch: then their number is not
 * limited, and the time grows with its square. No request has the position -1, with which the list is
 * never empty.
 */
async function positionsOf(some: {
  execute: () => Promise<{ position: number }[]>
}): Promise<number[]> {
  return [-1, ...(await some.execute()).map(({ position }) => position)]
}

export type NewBatch = {
  owner: string
  endpoint: string
  betas: readonly string[]
  /** Headers that go to the API unchanged, one per line. */
  headers?: string
  /** Milliseconds. */
  expiry: number
  inputFileId?: string
  metadata?: object
  /** Milliseconds from its end until its results are deleted. */
  outputLifetime?: number
}

/** The requests of a new batch that were stored. */
export type TakenIn = {
  total: number
  /** Those that will not be sent, because they are invalid. */
  errored: number
  /** The model of the first valid one. */
  model?: string | undefined
}

/** Adds to one of a batch's counts, in the transaction that ends its requests. */
export async function addToCount(
  db: Database,
  id: string,
  count: 'succeeded' | 'errored' | 'canceled' | 'expired',
  more: number,
  tokens: Tokens = NO_TOKENS,
): Promise<void> {
  await db
    .updateTable('batches')
    .set((is) => ({
      [count]: is(count, '+', more),
      input_tokens: is('input_tokens', '+', tokens.input),
      cached_tokens: is('cached_tokens', '+', tokens.cached),
      output_tokens: is('output_tokens', '+', tokens.output),
      reasoning_tokens: is('reasoning_tokens', '+', tokens.reasoning),
    }))
    .where('id', '=', id)
    .execute()
}

const NO_TOKENS: Tokens = { input: 0, cached: 0, output: 0, reasoning: 0 }

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
    outputLifetime: row.output_lifetime,
    faults: row.errors === null ? null : (JSON.parse(row.errors) as Fault[]),
    model: row.model,
    outputSizes: { output: row.output_size, errors: row.errors_size },
    tokens: {
      input: row.input_tokens,
      cached: row.cached_tokens,
      output: row.output_tokens,
      reasoning: row.reasoning_tokens,
    },
    counts: {
      processing: row.total - succeeded - errored - canceled - expired,
      succeeded,
      errored,
      canceled,
      expired,
    },
  }
}
