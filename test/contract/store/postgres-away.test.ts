import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { BatchDesk } from '../../../src/batches/desk.ts'
import { PATIENCE } from '../../../src/store/postgres/connections.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { REPLY, source } from '../../support/source.ts'
import { until } from '../../support/until.ts'

/** For tests that must wait until the patience of the store has ended. A busy machine needs this much. */
const IMPATIENT = { ...PATIENCE, connect: 1500, answer: 3000 }

describe.skipIf(POSTGRES_FOLDER === undefined)('a PostgreSQL that is away', () => {
  let postgres: TemporaryPostgres
  const opened: Store[] = []

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterEach(async () => {
    postgres.goOn()
    await Promise.all(opened.splice(0).map((store) => store.close()))
  })

  afterAll(() => postgres?.stop())

  async function open(url: string, patience = PATIENCE): Promise<Store> {
    const store = await openPostgres(url, () => {}, { patience })
    opened.push(store)
    return store
  }

  test('and hangs is an error within its time, and is used again when it continues', async () => {
    const url = await postgres.makeDatabase()
    const { db } = await open(url, IMPATIENT)
    await sql`create table things (name text)`.execute(db)
    const insert = () => sql`insert into things values ('a')`.execute(db)
    const count = async () => {
      const { rows } = await sql<{ count: number }>`select count(*) from things`.execute(db)
      return rows[0]?.count
    }
    await insert()
    postgres.hang()
    const silent = {
      type: 'api_error',
      status: 503,
      message: expect.stringMatching(
        /^postgresql:\/\/127\.0\.0\.1:\d+\/test_\d+ does not answer\. Try again\.$/,
      ) as string,
    }
    // More than there are connections, so that some wait for one.
    const queries = Array.from({ length: 12 }, count)
    const transactions = Array.from({ length: 12 }, () =>
      db.transaction().execute((step) => sql`insert into things values ('b')`.execute(step)),
    )
    for (const end of await Promise.allSettled([...queries, ...transactions])) {
      expect(end).toMatchObject({ status: 'rejected', reason: silent })
    }
    await expect(openPostgres(url, () => {}, { patience: IMPATIENT })).rejects.toMatchObject(silent)
    postgres.goOn()
    // Nothing of the failed transactions is left: neither rows nor locks.
    await until(() => count().catch(() => undefined))
    expect(await count()).toBe(1)
    await sql`alter table things add column size integer`.execute(db)
    await Promise.all(Array.from({ length: 20 }, insert))
    expect(await count()).toBe(21)
  })

  test('and hangs delays the end of a server only by seconds', async () => {
    const store = await open(await postgres.makeDatabase())
    store.onAnnounced(() => {})
    await sql`select 1`.execute(store.db)
    postgres.hang()
    await store.close()
  })

  test('and hangs answers nothing any more once the end of the server has begun', async () => {
    const end = new AbortController()
    const url = await postgres.makeDatabase()
    const store = await openPostgres(url, () => {}, { signal: end.signal })
    opened.push(store)
    postgres.hang()
    const unanswered = Array.from({ length: 12 }, () => sql`select 1`.execute(store.db))
    end.abort()
    for (const query of [...unanswered, sql`select 1`.execute(store.db)]) {
      await expect(query).rejects.toMatchObject({ status: 503 })
    }
  })

  test('a query that waits for the lock of another server ends, and leaves nothing in the database', async () => {
    const url = await postgres.makeDatabase()
    const { db } = await open(url, { ...PATIENCE, statement: 3000 })
    const other = await open(url)
    const lock = (transaction: Store['db']) => other.serialize(transaction, 'things')
    await other.db.transaction().execute(async (step) => {
      await lock(step)
      const waiting = db.transaction().execute(lock)
      await expect(waiting).rejects.toMatchObject({
        status: 529,
        message: expect.stringContaining('is busy. Try again.') as string,
      })
    })
    await db.transaction().execute(lock)
  })

  test('a server that is silent within a transaction loses its locks', async () => {
    const url = await postgres.makeDatabase()
    const silent = await open(url, { ...PATIENCE, transaction: 3000 })
    const other = await open(url)
    const transaction = silent.db.transaction().execute(async (step) => {
      await silent.serialize(step, 'things')
      await other.db.transaction().execute((free) => other.serialize(free, 'things'))
      await sql`select 1`.execute(step)
    })
    await expect(transaction).rejects.toMatchObject({ status: 503 })
  })

  test('a batch is worked off once, also if connections are cut and refused on the way', async () => {
    const made = await postgres.makeDatabase()
    const url = made.replace('//test@', '//app@')
    const name = new URL(url).pathname.slice(1)
    const admin = new Client({ connectionString: made.replace(name, 'postgres') })
    await admin.connect()
    // The limit of connections does not hold for a superuser.
    await admin.query('create role app login')
    await admin.query(`alter database ${name} owner to app`)
    const cut = () =>
      admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        name,
      ])
    const batch = await startBatch([await open(url), await open(url)])
    await batch.finished(20)
    await cut()
    await batch.finished(60)
    // None may connect for a while, as if others had taken all connections.
    await admin.query(`alter database ${name} connection limit 0`)
    await cut()
    await until(async () => (await batch.state()) === undefined)
    await admin.query(`alter database ${name} connection limit -1`)
    await batch.end()
    await admin.end()
  })

  test('a batch is worked off once, also if the database hangs and is restarted on the way', async () => {
    const url = await postgres.makeDatabase()
    const batch = await startBatch([await open(url, IMPATIENT), await open(url, IMPATIENT)])
    await batch.finished(20)
    await postgres.restart()
    await batch.finished(60)
    postgres.hang()
    await until(async () => (await batch.state()) === undefined)
    postgres.goOn()
    await batch.finished(120)
    await postgres.restart()
    await batch.end()
  })
})

/** Requests of a batch. */
const COUNT = 300

/** Starts a batch that several servers work on. */
async function startBatch(stores: readonly Store[]) {
  const asked: string[] = []
  const desks = stores.map(
    (store) =>
      new BatchDesk(store, {
        ask: ({ messages }) => {
          asked.push(messages[0]?.content as string)
          return Promise.resolve(source(REPLY).events)
        },
        admit: () => Promise.resolve(undefined),
        hasRoom: () => true,
        rateLimits: () => undefined,
        modelDefault: 'made-up',
        modelOf: (model) => model ?? 'made-up',
        concurrency: 4,
        windowShare: 1,
        firstEventTimeout: 60_000,
        lease: 3000,
        expiry: 600_000,
        retention: 600_000,
        maxBodySize: 100_000,
        onError: () => {},
        onChange: () => {},
      }),
  )
  const [desk] = desks as [BatchDesk]
  const requests = Array.from({ length: COUNT }, (_, index) => ({
    custom_id: `id-${index}`,
    params: {
      model: 'made-up',
      max_tokens: 1,
      messages: [{ role: 'user', content: `${index}` }],
    },
  }))
  const { id } = await desk.create(
    (async function* () {
      yield Buffer.from(JSON.stringify({ requests }))
    })(),
    { owner: '', betas: [] },
  )
  /** The state of the batch; undefined while the database is away. */
  const state = () => desk.records.get('', id).catch(() => undefined)
  const finished = async (count: number): Promise<void> => {
    await until(async () => COUNT - ((await state())?.counts.processing ?? COUNT) >= count)
  }
  return {
    state,
    /** Resolves when this number of requests has its result. */
    finished,
    /** Waits for the end of the batch, and checks that each request has one result. */
    async end(): Promise<void> {
      await finished(COUNT)
      expect(await desk.records.get('', id)).toMatchObject({
        status: 'ended',
        counts: { succeeded: COUNT, processing: 0 },
      })
      const lines = await desk.records.results(id, -1, 2 * COUNT)
      expect(new Set(lines.map(({ customId }) => customId)).size).toBe(COUNT)
      expect(lines).toHaveLength(COUNT)
      // A request that was asked more often was in flight when its connection broke.
      for (const { customId, attempts } of lines) {
        const times = asked.filter((each) => `id-${each}` === customId).length
        expect(times).toBeLessThanOrEqual(attempts)
      }
      for (const each of desks) await each.runner.stop()
    },
  }
}
