import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openPostgres } from '../../../src/store/postgres/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { deskTests } from '../../support/desk-tests.ts'
import { fileTests } from '../../support/file-tests.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { sharedShelfTests } from '../../support/shared-shelf-tests.ts'
import { sharedTests } from '../../support/shared-tests.ts'
import type { KeptStore } from '../../support/store.ts'

describe.skipIf(POSTGRES_FOLDER === undefined)('in PostgreSQL', () => {
  let postgres: TemporaryPostgres
  let store: Store
  let emptying: string

  beforeAll(async () => {
    postgres = await startPostgres()
    store = await openPostgres(await postgres.makeDatabase(), () => {})
    const tables = await store.db.introspection.getTables()
    emptying = tables.map(({ name }) => `delete from "${name}"`).join('; ')
  })

  afterAll(async () => {
    await store?.close()
    await postgres?.stop()
  })

  /** Much faster than a new database, and than `truncate`, which makes new files. */
  async function open(): Promise<KeptStore> {
    await sql.raw(emptying).execute(store.db)
    return { store, remove: () => Promise.resolve() }
  }

  deskTests(open, false)
  fileTests(open, false)
  sharedTests(open)
  sharedShelfTests(open, true)

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
