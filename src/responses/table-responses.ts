import { type Selectable, sql } from 'kysely'
import type { ResponseItem, ResponseStreamEvent } from 'openai/resources/responses/responses'

import { ApiError } from '../errors.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { failedResponse, type WireResponse } from '../openai/responses/reply.ts'
import { NO_PAST, type Past } from '../openai/responses/request.ts'
import { hasLapsed } from '../store/lease.ts'
import type { Database, Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import type { NextChange } from './changes.ts'
import { itemsById, itemsOf, pastOf, responsesOfItems } from './chain.ts'
import { forgetResponses } from './forget.ts'
import {
  MAX_REFERRED,
  noEvents,
  notInBackground,
  previousNotFound,
  responseNotFound,
  tooMuchReferred,
} from './refusals.ts'
import { sizeOfRow } from './row-size.ts'
import type { Responses, StoredResponse } from './stored.ts'

export type TableOptions = {
  /** Milliseconds after which responses and conversations are deleted. */
  retention: number
  /**
   * Milliseconds without a renewal of its lease after which the server of a response counts as
   * dead.
   */
  lease: number
  /** Milliseconds since the epoch. */
  now: () => number
  /**
   * Whether this server is making a response: after a sleep of the machine, its own leases have
   * ended.
   */
  isMade: (id: string) => boolean
  /** The next announced change of a response. */
  nextChange: (id: string) => NextChange
  /** Call it after objects of this size were stored. Resolves when there is room for more. */
  added: (bytes: number) => Promise<void>
}

/** Milliseconds: the time of the last use is exact to this. */
export const USE_MILLISECONDS = 60 * 60 * 1000

/** Milliseconds between two checks for new events of another server's response. */
const LOOK_MILLISECONDS = 250
const HEARD_MILLISECONDS = 5000

const RETENTION_NOTE =
  'Responses are kept for some time (response_retention), unless store is false.'

type Row = Selectable<Schema['responses']>
type EventRow = Selectable<Schema['response_events']>

/**
 * The responses of an owner in a database. A response in progress belongs to the server that makes
 * it, as long as that server renews its lease; once the lease has ended, the response has failed.
 */
export class TableResponses implements Omit<Responses, 'run'> {
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

  async add({ response, added, input }: StoredResponse): Promise<void> {
    await this.#insert(response, input, { added: JSON.stringify(added) })
  }

  /** Begins a response that is made in the background by a server. */
  async begin(response: WireResponse, input: ResponseItem[], worker: string): Promise<void> {
    const leaseUntil = this.#options.now() + this.#options.lease
    await this.#insert(response, input, { worker, lease_until: leaseUntil })
  }

  async get(id: string): Promise<WireResponse> {
    return responseIn(await this.#get(id))
  }

  async cancel(id: string): Promise<WireResponse> {
    const row = await this.#get(id)
    const response = responseIn(row)
    if (response.background !== true) throw notInBackground()
    if (row.worker === null) return response
    const cancelled = { ...response, status: 'cancelled' as const }
    await this.#db.transaction().execute((db) => endResponse(db, row, cancelled))
    // The server that makes it will notice that it has lost it.
    await this.#store.announce(`end ${id}`)
    return this.get(id)
  }

  async events(id: string, after: number): Promise<AsyncIterable<ResponseStreamEvent>> {
    if (responseIn(await this.#get(id)).background !== true) throw noEvents()
    return this.#eventsOf(id, after)
  }

  async delete(id: string): Promise<void> {
    await this.#get(id)
    await this.#db.transaction().execute((db) => forgetResponses(db, [id]))
    await this.#store.announce(`end ${id}`)
    await this.#store.scrub()
  }

  async past(id: string | null | undefined): Promise<Past> {
    const chain = await this.#chain(id, 'added')
    return pastOf(
      chain.map(({ id: each, added }) => {
        if (added === null) throw previousNotFound(each, RETENTION_NOTE)
        return JSON.parse(added) as Past
      }),
    )
  }

  async input(id: string): Promise<ResponseItem[]> {
    const { input, previous_id: previous } = await this.#get(id)
    const chain = await this.#chain(previous, 'input', 'response')
    const before = chain.map((row) => ({ input: inputIn(row), response: responseIn(row) }))
    return [...itemsOf(before), ...inputIn({ input })]
  }

  async items(ids: readonly string[]): ReturnType<Responses['items']> {
    const names = responsesOfItems(ids)
    if (names.length === 0) return new Map()
    const kept = await this.#db
      .selectFrom('responses')
      .select(['id', 'size', 'used_at'])
      .where('id', 'in', names)
      .where('owner', '=', this.#owner)
      .where('created_at', '>=', this.#oldest())
      .execute()
    const rows = await this.#contentOf(kept, 'input', 'response')
    return itemsById(ids, new Map(rows.map((row) => [row.id, responseIn(row)])))
  }

  async #insert(
    response: WireResponse,
    input: ResponseItem[],
    fields: Partial<Pick<Row, 'added' | 'worker' | 'lease_until'>>,
  ): Promise<void> {
    const [responseText, inputText] = [JSON.stringify(response), JSON.stringify(input)]
    const size = sizeOfRow(responseText, inputText, fields.added ?? null)
    const now = this.#options.now()
    await this.#db
      .insertInto('responses')
      .values({
        id: response.id,
        owner: this.#owner,
        created_at: now,
        previous_id: response.previous_response_id ?? null,
        response: responseText,
        input: inputText,
        added: null,
        worker: null,
        lease_until: null,
        size,
        used_at: now,
        ...fields,
      })
      .execute()
    await this.#options.added(size)
  }

  /** @throws ApiError 404 */
  async #get(id: string): Promise<Row> {
    const row = await this.#own().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw responseNotFound(id, RETENTION_NOTE)
    await this.#noteUse([row])
    const { now, lease, isMade } = this.#options
    const hasEnded = hasLapsed(row.lease_until ?? 0, now(), lease)
    if (row.worker === null || !hasEnded || isMade(id)) return row
    await this.#fail(row)
    return this.#get(id)
  }

  #own() {
    return this.#db
      .selectFrom('responses')
      .selectAll()
      .where('owner', '=', this.#owner)
      .where('created_at', '>=', this.#oldest())
  }

  /** Responses from before this time no longer exist. */
  #oldest(): number {
    return this.#options.now() - this.#options.retention
  }

  /** Keeps responses that are used longer than others. */
  async #noteUse(rows: readonly Pick<Row, 'id' | 'used_at'>[]): Promise<void> {
    const now = this.#options.now()
    const ids = rows.flatMap(({ id, used_at: usedAt }) =>
      usedAt < now - USE_MILLISECONDS ? [id] : [],
    )
    if (ids.length === 0) return
    await this.#db.updateTable('responses').set({ used_at: now }).where('id', 'in', ids).execute()
  }

  /** Ends a response whose server has ended. */
  async #fail(row: Row): Promise<void> {
    const response = responseIn(row)
    const error = new ApiError('api_error', 'The server that made this response has ended.')
    const failed = failedResponse(response, response.output, error)
    await this.#db.transaction().execute(async (db) => {
      // Its server may have come back meanwhile.
      if (!(await endResponse(db, row, failed, this.#options.now()))) return
      const number = await countEvents(db, row.id)
      await insertEvents(db, eventRows(row.id, failureEvents(error, failed, number)))
      await this.#store.announce(`end ${row.id}`, db)
    })
  }

  async *#eventsOf(id: string, after: number): AsyncGenerator<ResponseStreamEvent, void> {
    for (let last = after; ;) {
      // A change after this is not missed, even if it comes before the end of the queries.
      const change = this.#options.nextChange(id)
      try {
        // Whether the response is over is read first, so that its last events are read after it.
        const { worker } = await this.#get(id)
        const rows = await this.#db
          .selectFrom('response_events')
          .select(['number', 'event'])
          .where('response_id', '=', id)
          .where('number', '>', last)
          .orderBy('number')
          .execute()
        for (const { number, event } of rows) {
          last = number
          yield JSON.parse(event) as ResponseStreamEvent
        }
        if (worker === null) return
        if (rows.length === 0)
          await change.within(this.#store.announces ? HEARD_MILLISECONDS : LOOK_MILLISECONDS)
      } finally {
        change.forget()
      }
    }
  }

  /**
   * A response and those before it, the oldest first.
   *
   * @throws ApiError 400 if one of them is not kept
   */
  async #chain<Column extends 'added' | 'input' | 'response'>(
    id: string | null | undefined,
    ...columns: Column[]
  ): Promise<Pick<Row, Column | 'id'>[]> {
    if (!id) return []
    const rows = await this.#db
      .withRecursive('chain', (db) =>
        db
          .selectFrom('responses')
          .select(['responses.id', 'responses.previous_id', sql<number>`0`.as('depth')])
          .where('responses.id', '=', id)
          .where('responses.owner', '=', this.#owner)
          .where('responses.created_at', '>=', this.#oldest())
          .unionAll(
            db
              .selectFrom('responses')
              .innerJoin('chain', 'chain.previous_id', 'responses.id')
              .select([
                'responses.id',
                'responses.previous_id',
                sql<number>`chain.depth + 1`.as('depth'),
              ])
              .where('responses.owner', '=', this.#owner)
              .where('responses.created_at', '>=', this.#oldest()),
          ),
      )
      .selectFrom('chain')
      .innerJoin('responses', 'responses.id', 'chain.id')
      .select(['responses.id', 'responses.previous_id', 'responses.size', 'responses.used_at'])
      .orderBy('chain.depth', 'desc')
      .execute()
    const missing = rows.length === 0 ? id : rows[0]?.previous_id
    if (missing) throw previousNotFound(missing, RETENTION_NOTE)
    return this.#contentOf(rows, ...columns)
  }

  /**
   * The texts of responses, in their order.
   *
   * @throws ApiError 400 if they are too large for the memory of a server, or if one was deleted
   * meanwhile
   */
  async #contentOf<Column extends 'added' | 'input' | 'response'>(
    kept: readonly Pick<Row, 'id' | 'size' | 'used_at'>[],
    ...columns: Column[]
  ): Promise<Pick<Row, Column | 'id'>[]> {
    if (kept.length === 0) return []
    if (kept.reduce((sum, { size }) => sum + size, 0) > MAX_REFERRED) throw tooMuchReferred()
    await this.#noteUse(kept)
    const ids = kept.map((each) => each.id)
    const rows = (await this.#db
      .selectFrom('responses')
      .select(['id', ...columns])
      .where('id', 'in', ids)
      .execute()) as unknown as Pick<Row, Column | 'id'>[]
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => {
      const row = byId.get(id)
      if (row === undefined) throw previousNotFound(id, RETENTION_NOTE)
      return row
    })
  }
}

/**
 * Ends a response in progress, without content to continue from.
 *
 * @param now ends it only if the lease of its server ended before
 * @returns false if it had ended already
 */
async function endResponse(
  db: Database,
  { id, worker }: Row,
  response: WireResponse,
  now = Infinity,
): Promise<boolean> {
  let query = db
    .updateTable('responses')
    .set({
      response: JSON.stringify(response),
      added: JSON.stringify(NO_PAST),
      worker: null,
      lease_until: null,
    })
    .where('id', '=', id)
    .where('worker', '=', worker)
  if (now !== Infinity) query = query.where('lease_until', '<', now)
  const { numUpdatedRows } = await query.executeTakeFirst()
  return numUpdatedRows > 0n
}

function failureEvents(
  error: ApiError,
  response: WireResponse,
  number: number,
): ResponseStreamEvent[] {
  const { error: body } = openaiErrorBody(error)
  const { message, code, param } = body
  const shared = { type: 'error' as const, message, code, param, error: body }
  return [
    { ...shared, sequence_number: number },
    { type: 'response.failed', sequence_number: number + 1, response: response as never },
  ]
}

async function countEvents(db: Database, id: string): Promise<number> {
  const row = await db
    .selectFrom('response_events')
    .select((is) => is.fn.countAll<number>().as('count'))
    .where('response_id', '=', id)
    .executeTakeFirst()
  return row?.count ?? 0
}

/** The rows of events of a response. */
export function eventRows(id: string, events: readonly ResponseStreamEvent[]): EventRow[] {
  return events.map((event) => ({
    response_id: id,
    number: event.sequence_number,
    event: JSON.stringify(event),
  }))
}

export async function insertEvents(db: Database, rows: readonly EventRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += EVENTS_OF_A_STATEMENT) {
    const some = rows.slice(start, start + EVENTS_OF_A_STATEMENT)
    await db.insertInto('response_events').values(some).execute()
  }
}

const EVENTS_OF_A_STATEMENT = 1000

function responseIn({ response }: Pick<Row, 'response'>): WireResponse {
  return JSON.parse(response) as WireResponse
}

function inputIn({ input }: Pick<Row, 'input'>): ResponseItem[] {
  return JSON.parse(input) as ResponseItem[]
}
