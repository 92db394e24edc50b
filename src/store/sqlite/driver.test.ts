import { join } from 'node:path'

import { Kysely, sql } from 'kysely'
import Libsql from 'libsql'
import { expect, test } from 'vitest'

import { temporaryFolder } from '../../../test/support/store.ts'
import { sqliteDialect } from './driver.ts'

test('a statement that failed on the lock of another process leaves nothing behind', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'store.db')
  const [mine, other] = [new Libsql(path, { timeout: 0 }), new Libsql(path, { timeout: 0 })]
  const db = new Kysely<{ things: { name: string } }>({
    dialect: sqliteDialect(mine, (error) => error, 30),
  })
  await sql`pragma journal_mode = wal`.execute(db)
  await db.schema.createTable('things').addColumn('name', 'text').execute()
  const insert = (name: string) => db.insertInto('things').values({ name })
  const inTransaction = (name: string) =>
    db.transaction().execute((step) => step.insertInto('things').values({ name }).execute())
  other.exec('begin immediate')
  const isLocked = { code: 'SQLITE_BUSY' }
  await expect(insert('a').execute()).rejects.toMatchObject(isLocked)
  await expect(insert('b').returning('name').execute()).rejects.toMatchObject(isLocked)
  await expect(
    db.updateTable('things').set({ name: 'c' }).where('name', '=', 'a').execute(),
  ).rejects.toMatchObject(isLocked)
  await expect(inTransaction('d')).rejects.toMatchObject(isLocked)
  other.exec('rollback')
  // At once, and not when the statements that failed are collected.
  await inTransaction('e')
  await insert('f').execute()
  expect(await insert('g').returning('name').execute()).toEqual([{ name: 'g' }])
  expect(await db.selectFrom('things').select('name').execute()).toEqual(
    ['e', 'f', 'g'].map((name) => ({ name })),
  )
  await db.destroy()
  other.close()
  folder.remove()
})
