import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { BatchDesk } from '../../../src/batches/desk.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { deskTests } from '../../support/desk-tests.ts'
import { fileTests } from '../../support/file-tests.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { sharedShelfTests } from '../../support/shared-shelf-tests.ts'
import { sharedTests } from '../../support/shared-tests.ts'
import { REPLY, source } from '../../support/source.ts'
import type { KeptStore } from '../../support/store.ts'

describe.skipIf(POSTGRES_FOLDER === undefined)('in PostgreSQL', () => {
  let postgres: TemporaryPostgres
  let store: Store

  beforeAll(async () => {
    postgres = await startPostgres()
    store = await openPostgres(await postgres.makeDatabase(), () => {})
  })

  afterAll(async () => {
    await store?.close()
    await postgres?.stop()
  })

  /** Emptying the tables takes a tenth of the time of a new database. */
  async function open(): Promise<KeptStore> {
    const tables = await store.db.introspection.getTables()
    const names = tables.map(({ name }) => sql.id(name))
    await sql`truncate ${sql.join(names)}`.execute(store.db)
    return { store, remove: () => Promise.resolve() }
  }

  deskTests(open, false)
  fileTests(open, false)
  sharedTests(open)
  sharedShelfTests(open, true)

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
    const stores = await Promise.all([1, 2].map(() => openPostgres(url, () => {})))
    const asked: string[] = []
    const desks = stores.map(
      (each) =>
        new BatchDesk(each, {
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
    const [desk] = desks as [BatchDesk, BatchDesk]
    const count = 300
    const requests = Array.from({ length: count }, (_, index) => ({
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
    const state = () => desk.records.get('', id).catch(() => undefined)
    const finishedBy = async (finished: number): Promise<void> => {
      await expect
        .poll(async () => count - ((await state())?.counts.processing ?? count), {
          timeout: 50_000,
        })
        .toBeGreaterThanOrEqual(finished)
    }
    await finishedBy(20)
    await cut()
    await finishedBy(60)
    // None may connect for a while, as if others had taken all connections.
    await admin.query(`alter database ${name} connection limit 0`)
    await cut()
    await expect.poll(state).toBeUndefined()
    await admin.query(`alter database ${name} connection limit -1`)
    await finishedBy(count)
    const batch = await desk.records.get('', id)
    expect(batch).toMatchObject({ status: 'ended', counts: { succeeded: count, processing: 0 } })
    const lines = await desk.records.results(id, -1, 2 * count)
    expect(lines).toHaveLength(count)
    // What was asked more often was in flight when its connection broke.
    for (const { customId, attempts } of lines) {
      const times = asked.filter((each) => `id-${each}` === customId).length
      expect(times).toBeLessThanOrEqual(attempts)
    }
    for (const each of desks) await each.runner.stop()
    await Promise.all(stores.map((each) => each.close()))
    await admin.end()
  })

  test('replicas that start together create the tables once', async () => {
    const url = await postgres.makeDatabase()
    const stores = await Promise.all([1, 2, 3].map(() => openPostgres(url, () => {})))
    await Promise.all(stores.map((each) => each.close()))
  })

  test('one replica hears the announcements of another', async () => {
    const url = await postgres.makeDatabase()
    const [one, two] = await Promise.all([openPostgres(url, () => {}), openPostgres(url, () => {})])
    let heard = 0
    const again = new Promise<void>((resolve) => {
      // The first one reports that it listens.
      two.onAnnounced(() => {
        heard += 1
        if (heard === 1) void one.announce('batches')
        else resolve()
      })
    })
    await again
    expect(heard).toBe(2)
    await Promise.all([one.close(), two.close()])
  })

  test('an unreachable database is an error without the password', async () => {
    const url = 'postgresql://someone:made-up-secret@127.0.0.1:1/nothing'
    const error = await openPostgres(url, () => {}).then(undefined, (cause: unknown) => cause)
    expect(error).toMatchObject({
      status: 503,
      message: "postgresql://127.0.0.1:1/nothing can't be reached. Try again.",
    })
  })
})
