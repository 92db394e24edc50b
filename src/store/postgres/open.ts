import { Kysely, sql } from 'kysely'
import { Client, Pool, types } from 'pg'

import { ApiError } from '../../errors.ts'
import { migrate } from '../migrate.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { postgresDialect } from './driver.ts'
import { News } from './news.ts'

/** Connections of one replica, not counting the listening one. */
const CONNECTIONS = 8
/** Milliseconds. */
const CONNECT_TIMEOUT = 5000

/**
 * The type numbers of PostgreSQL's large integers; their values come as text, because they may
 * exceed a number.
 */
const [INT8, NUMERIC] = [20, 1700]

/**
 * Opens a store that several replicas share.
 *
 * @param url `postgresql://user:password@host:port/database`
 * @param onError receives the errors of lost connections, which are opened again
 * @throws ApiError that says what to do if it can't be used
 */
export async function openPostgres(url: string, onError: (error: unknown) => void): Promise<Store> {
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    application_name: 'claude-sub-proxy',
    keepAlive: true,
  }
  const pool = new Pool({ ...settings, max: CONNECTIONS, types: { getTypeParser } })
  // Without a listener, the loss of an idle connection would end this process.
  pool.on('error', onError)
  // The same is true of a connection in use, whose query fails by itself.
  pool.on('connect', (client) => client.on('error', () => {}))
  const translate = (error: unknown): unknown => toApiError(error, placeOf(url))
  const db = new Kysely<Schema>({ dialect: postgresDialect({ pool }, translate) })
  try {
    await migrate(db)
  } catch (error) {
    await db.destroy()
    throw translate(error)
  }
  const news = new News(() => new Client(settings), onError)
  return {
    db,
    skipsLocked: true,
    async serialize(transaction, lock) {
      await sql`select pg_advisory_xact_lock(hashtext(${`claude-sub-proxy ${lock}`}))`.execute(
        transaction,
      )
    },
    announces: true,
    async announce(subject, transaction = db) {
      await sql`select pg_notify(${News.CHANNEL}, ${subject})`.execute(transaction)
    },
    onAnnounced: (listener) => news.onNews(listener),
    durably: (step) => step(),
    // Other replicas run elsewhere, even if their machines have the same name.
    isGone: () => false,
    // PostgreSQL overwrites deleted rows when it reuses their room.
    scrub: () => Promise.resolve(),
    async close() {
      await news.close()
      await db.destroy()
    },
  }
}

/** The address for messages, without user, password and settings. */
export function placeOf(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url)
    return `${protocol}//${host}${pathname}`
  } catch {
    return 'the database of database_url'
  }
}

function getTypeParser(type: number, format?: 'text' | 'binary'): unknown {
  return type === INT8 || type === NUMERIC ? Number : types.getTypeParser(type, format)
}

function toApiError(error: unknown, place: string): unknown {
  if (error instanceof ApiError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Class 53: the server is out of something. https://www.postgresql.org/docs/current/errcodes-appendix.html
  if (code === '53100') {
    const message = `The disk of ${place} is full.`
    return new ApiError('api_error', message, { status: 507, cause: error })
  }
  if (/^(?:53|55P03|40)/.test(code)) {
    return new ApiError('overloaded_error', `${place} is busy. Try again.`, { cause: error })
  }
  if (/^(?:28|3D)/.test(code)) {
    return new ApiError('api_error', `${place} refuses this server: ${error.message}`, {
      cause: error,
    })
  }
  const isUnreachable =
    /^(?:08|57P)|^E[A-Z]+$/.test(code) || /timeout|terminated/i.test(error.message)
  if (isUnreachable) {
    return new ApiError('api_error', `${place} can't be reached. Try again.`, {
      status: 503,
      cause: error,
    })
  }
  // Class 23: a constraint was violated; the caller handles it.
  if (code.startsWith('23')) return error
  const message = `${place} can't be used: ${error.message}`
  return new ApiError('api_error', message, { cause: error })
}
