import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { DatabaseSync } from '@photostructure/sqlite'
import { Kysely, sql } from 'kysely'

import { ApiError } from '../../errors.ts'
import { migrate } from '../migrate.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { hasEnded } from '../worker-name.ts'
import { codeOf, sqliteDialect } from './driver.ts'

/** Pages that are returned to the system in one step, so that no step takes long. */
const PAGES_OF_A_STEP = 2000
/** How long to wait for another process that reads. */
const MAX_LOOKS = 100
const LOOK_MILLISECONDS = 20

/**
 * Opens the store in a file that only the user can read, and creates the file if there is none.
 *
 * @throws ApiError that says what to do if it can't be used
 */
export async function openSqlite(path: string): Promise<Store> {
  const translate = (error: unknown): unknown => toApiError(error, path)
  let db: Kysely<Schema> | undefined
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    // SQLite gives its companion files the mode of this one.
    await (await open(path, 'a', 0o600)).close()
    const [writer, reader] = [new DatabaseSync(path), new DatabaseSync(path)]
    db = new Kysely<Schema>({ dialect: sqliteDialect({ writer, reader }, translate) })
    // This must come before the first table.
    await sql`pragma auto_vacuum = incremental`.execute(db)
    await sql`pragma journal_mode = wal`.execute(db)
    await sql`pragma synchronous = normal`.execute(db)
    // Overwrite deleted rows.
    await sql`pragma secure_delete = on`.execute(db)
    await migrate(db)
    return sqliteStore(db)
  } catch (error) {
    await db?.destroy().catch(() => {})
    throw translate(error)
  }
}

function sqliteStore(db: Kysely<Schema>): Store {
  // Empties the log, which still holds the content of deleted rows.
  const checkpoint = async (): Promise<void> => {
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db)
      if (rows[0]?.busy !== 1) return
      await setTimeout(LOOK_MILLISECONDS)
    }
  }
  return {
    db,
    skipsLocked: false,
    // Only one transaction at a time can write.
    serialize: () => Promise.resolve(),
    // Another server on the same file looks for news from time to time.
    announces: false,
    announce: () => Promise.resolve(),
    onAnnounced: () => {},
    async durably(step) {
      const result = await step()
      await checkpoint()
      return result
    },
    isGone: hasEnded,
    async scrub() {
      for (let left = Infinity; ;) {
        const free = await freePages(db)
        if (free === 0 || free >= left) break
        left = free
        await sql.raw(`pragma incremental_vacuum(${PAGES_OF_A_STEP})`).execute(db)
      }
      await checkpoint()
    },
    close: () => db.destroy(),
  }
}

async function freePages(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ freelist_count: number }>`pragma freelist_count`.execute(db)
  return rows[0]?.freelist_count ?? 0
}

function toApiError(error: unknown, path: string): unknown {
  if (error instanceof ApiError) return error
  const code = codeOf(error)
  const explained = explain(code, path)
  if (explained !== undefined) {
    const { type, message, status } = explained
    return new ApiError(type, message, { cause: error, ...(status && { status }) })
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new ApiError('api_error', `The store ${path} can't be used: ${reason}`, { cause: error })
}

type Explained = { type: string; message: string; status?: number }

function explain(code: string, path: string): Explained | undefined {
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) {
    return {
      type: 'overloaded_error',
      message: `The store ${path} is locked by another program. Try again.`,
    }
  }
  if (/^(?:SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) {
    return {
      type: 'api_error',
      status: 507,
      message: `The disk is full: the store ${path} can't grow.`,
    }
  }
  if (/^SQLITE_(?:CORRUPT|NOTADB)/.test(code)) {
    return {
      type: 'api_error',
      message: `The store ${path} is damaged. Move it and its -wal and -shm files away, and start again.`,
    }
  }
  return undefined
}
