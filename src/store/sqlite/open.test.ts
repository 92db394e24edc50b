import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { everythingIn } from '../../../test/support/store.ts'
import { BatchRecords } from '../../batches/batch-records.ts'
import type { Store } from '../store.ts'
import { openSqlite } from './open.ts'

let folder: string
let path: string
const opened: Store[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  path = join(folder, 'state', 'store.db')
})

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

async function open(): Promise<Store> {
  const store = await openSqlite(path)
  opened.push(store)
  return store
}

const WORKER = 'made up'
const BATCH = { owner: '', endpoint: '/v1/messages', betas: [], expiry: 60_000 }

test('only the user can read the files, also while they are in use', async () => {
  const { db } = await open()
  await new BatchRecords(await open(), WORKER).create('one', BATCH)
  await sql`select 1`.execute(db)
  const files = readdirSync(join(folder, 'state'))
  expect(files.toSorted()).toEqual(['store.db', 'store.db-shm', 'store.db-wal'])
  for (const name of files) {
    expect(statSync(join(folder, 'state', name)).mode & 0o777).toBe(0o600)
  }
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700)
})

test('the content is there when the database is opened again', async () => {
  const records = new BatchRecords(await open(), WORKER)
  await records.create('one', BATCH)
  await records.add('one', 0, [{ customId: 'a', params: '{"text":"ü"}' }])
  await records.open('one', { total: 1, errored: 0 })
  const again = new BatchRecords(await open(), WORKER)
  expect(await again.get('', 'one')).toMatchObject({ counts: { processing: 1 } })
})

test('deleted data is in no file, and takes no room', async () => {
  const records = new BatchRecords(await open(), WORKER)
  await records.create('one', BATCH)
  const params = `made-up-${'secret'.repeat(1000)}`
  const requests = Array.from({ length: 500 }, (_, index) => ({ customId: `${index}`, params }))
  await records.add('one', 0, requests)
  const state = join(folder, 'state')
  expect(everythingIn(state)).toContain('made-up-secret')
  await records.discard('one')
  expect(everythingIn(state)).not.toContain('secretsecret')
  expect(statSync(path).size).toBeLessThan(200_000)
})

test('a file that is no database is reported as damaged', async () => {
  mkdirSync(join(folder, 'state'))
  writeFileSync(path, 'made up '.repeat(1000))
  await expect(open()).rejects.toMatchObject({
    type: 'api_error',
    message: expect.stringContaining('is damaged') as string,
  })
  expect(readFileSync(path, 'utf8')).toMatch(/^made up/)
})

test('a full disk is reported, nothing is half written, and work continues once there is room', async () => {
  const store = await open()
  const records = new BatchRecords(store, WORKER)
  await records.create('one', BATCH)
  // The database may not grow any more, which SQLite reports as a full disk.
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
  await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + 5}`).execute(store.db)
  const large = [1, 2, 3].map((id) => ({ customId: `id-${id}`, params: 'x'.repeat(100_000) }))
  await expect(records.add('one', 0, large)).rejects.toMatchObject({
    status: 507,
    message: expect.stringMatching(/disk is full.*store\.db/) as string,
  })
  const count = () =>
    store.db
      .selectFrom('batch_requests')
      .select((is) => is.fn.countAll<number>().as('count'))
      .executeTakeFirst()
  expect(await count()).toEqual({ count: 0 })
  await sql.raw('pragma max_page_count = 1000000').execute(store.db)
  await records.add('one', 0, large)
  expect(await count()).toEqual({ count: 3 })
})

test('a file with a damaged page is reported as damaged, and stays unchanged', async () => {
  const store = await open()
  const records = new BatchRecords(store, WORKER)
  await records.create('one', BATCH)
  // Written to the file itself, and not only to the log beside it.
  await store.durably(() =>
    records.add(
      'one',
      0,
      Array.from({ length: 200 }, (_, id) => ({ customId: `id-${id}`, params: 'x'.repeat(1000) })),
    ),
  )
  await store.close()
  opened.splice(0)
  const bytes = readFileSync(path)
  // All but the first pages, which have the tables' names.
  bytes.fill(0x5a, 40 * 4096)
  writeFileSync(path, bytes)
  const again = await open()
  await expect(again.db.selectFrom('batch_requests').selectAll().execute()).rejects.toMatchObject({
    message: expect.stringMatching(/store\.db is damaged\. Move/) as string,
  })
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('a folder that can not be used is named in the error', async () => {
  writeFileSync(join(folder, 'state'), '')
  await expect(open()).rejects.toMatchObject({
    message: expect.stringContaining(path) as string,
  })
})

test('one statement waits for a locked database, and others do not wait for it', async () => {
  const [mine, other] = [await open(), await open()]
  const written = await other.db.transaction().execute(async (db) => {
    await new BatchRecords({ ...other, db }, WORKER).create('theirs', BATCH)
    const asked = new BatchRecords(mine, WORKER).create('mine', BATCH)
    // Meanwhile the event loop is not blocked.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return { asked }
  })
  await written.asked
  const { rows } = await sql`select id from batches order by id`.execute(mine.db)
  expect(rows).toEqual([{ id: 'mine' }, { id: 'theirs' }])
})

test('a database of a later version is refused', async () => {
  const { db } = await open()
  await sql`insert into kysely_migration values ('999_later', '2030-01-01')`.execute(db)
  await expect(open()).rejects.toThrow(/later version/)
})
