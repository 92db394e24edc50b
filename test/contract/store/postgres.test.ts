import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openPostgres } from '../../../src/store/postgres/open.ts'
import { deskTests } from '../../support/desk-tests.ts'
import { POSTGRES_FOLDER, startPostgres, type TemporaryPostgres } from '../../support/postgres.ts'
import { sharedTests } from '../../support/shared-tests.ts'
import type { KeptStore } from '../../support/store.ts'

describe.skipIf(POSTGRES_FOLDER === undefined)('in PostgreSQL', () => {
  let postgres: TemporaryPostgres

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterAll(() => postgres?.stop())

  async function open(): Promise<KeptStore> {
    const store = await openPostgres(await postgres.makeDatabase(), () => {})
    return { store, remove: () => store.close() }
  }

  deskTests(open, false)
  sharedTests(open)

  test('replicas that start together make the tables once', async () => {
    const url = await postgres.makeDatabase()
    const stores = await Promise.all([1, 2, 3].map(() => openPostgres(url, () => {})))
    await Promise.all(stores.map((store) => store.close()))
  })

  test('what one announces the other hears', async () => {
    const url = await postgres.makeDatabase()
    const [one, two] = await Promise.all([openPostgres(url, () => {}), openPostgres(url, () => {})])
    let heard = 0
    const again = new Promise<void>((resolve) => {
      // The first is that it listens.
      two.onAnnounced(() => {
        heard += 1
        if (heard === 1) void one.announce()
        else resolve()
      })
    })
    await again
    expect(heard).toBe(2)
    await Promise.all([one.close(), two.close()])
  })

  test('a database that is not there is told of, without the password', async () => {
    const url = 'postgresql://someone:made-up-secret@127.0.0.1:1/nothing'
    const error = await openPostgres(url, () => {}).then(undefined, (cause: unknown) => cause)
    expect(error).toMatchObject({
      status: 503,
      message: "postgresql://127.0.0.1:1/nothing can't be reached. Try again.",
    })
  })
})
