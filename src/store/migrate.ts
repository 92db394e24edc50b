import { Migrator } from 'kysely'

import { migrations } from './migrations.ts'
import type { Database } from './schema.ts'

/**
 * Migrates the tables to the form of this version of the program.
 *
 * @throws the errors of the database, and Error for tables of a later version
 */
export async function migrate(db: Database): Promise<void> {
  const { error } = await new Migrator({ db, provider: migrations }).migrateToLatest()
  if (error === undefined) return
  if (error instanceof Error && /missing/.test(error.message)) {
    throw new Error(
      'The store was made by a later version of claude-sub-proxy: use that version.',
      {
        cause: error,
      },
    )
  }
  throw error
}
