import { join } from 'node:path'

import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { temporaryFolder } from '../../../test/support/store.ts'
import { sqliteDialect } from './driver.ts'

type Things = { things: { name: string } }

let folder: ReturnType<typeof temporaryFolder>
let writer: DatabaseSyncInstance
let other: DatabaseSyncInstance
let db: Kysely<Things>

beforeEach(() => {
  folder = temporaryFolder()
})

afterEach(async () => {
  await db.destroy()
  other.close()
  folder.remove()
})

function connect(): DatabaseSyncInstance {
  return new DatabaseSync(join(folder.path, 'store.db'))
}

/** Opens a database with a table, and as another program the same one. */
async function open(patience: number): Promise<void> {
  writer = connect()
  other = connect()
  const dialect = sqliteDialect({ writer, reader: connect() }, (error) => error, patience)
  db = new Kysely<Things>({ dialect })
  await sql`pragma journal_mode = wal`.execute(db)
  await db.schema.createTable('things').addColumn('name', 'text').execute()
}

const insert = (name: string) => db.insertInto('things').values({ name })
const names = async () =>
  (await db.selectFrom('things').select('name').execute()).map((row) => row.name)
const isLocked = 'database is locked'

test('a statement that failed on the lock of another process leaves nothing behind', async () => {
  await open(30)
  const inTransaction = (name: string) =>
    db.transaction().execute((step) => step.insertInto('things').values({ name }).execute())
  other.exec('begin immediate')
  await expect(insert('a').execute()).rejects.toThrow(isLocked)
  await expect(insert('b').returning('name').execute()).rejects.toThrow(isLocked)
  await expect(
    db.updateTable('things').set({ name: 'c' }).where('name', '=', 'a').execute(),
  ).rejects.toThrow(isLocked)
  await expect(inTransaction('d')).rejects.toThrow(isLocked)
  other.exec('rollback')
  // At once, and not when the statements that failed are collected.
  await inTransaction('e')
  await insert('f').execute()
  expect(await insert('g').returning('name').execute()).toEqual([{ name: 'g' }])
  expect(await names()).toEqual(['e', 'f', 'g'])
})

test('a read does not wait for a write that waits for a lock', async () => {
  await open(50_000)
  await insert('a').execute()
  other.exec('begin immediate')
  const waiting = [insert('b').execute(), insert('c').execute()]
  expect(await names()).toEqual(['a'])
  other.exec('rollback')
  await Promise.all(waiting)
  expect(await names()).toEqual(['a', 'b', 'c'])
})

test('writes that wait in line fail at the same time', async () => {
  const patience = 400
  await open(patience)
  const attempts = vi.spyOn(writer, 'prepare')
  other.exec('begin immediate')
  const waiting = ['a', 'b', 'c', 'd', 'e'].map((name) => insert(name).execute())
  for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected')
  // The first tries as long as it may, and each of the others once.
  expect(attempts.mock.calls.length).toBeLessThanOrEqual(patience / 20 + 1 + 4)
  other.exec('rollback')
  expect(await names()).toEqual([])
})

test('a transaction reads its own writes, and others only committed data', async () => {
  await open(30)
  await db.transaction().execute(async (step) => {
    await step.insertInto('things').values({ name: 'a' }).execute()
    expect(await step.selectFrom('things').selectAll().execute()).toHaveLength(1)
    expect(await names()).toEqual([])
  })
  expect(await names()).toEqual(['a'])
})
