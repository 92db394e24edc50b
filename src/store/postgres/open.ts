import { Kysely, PostgresDialect, sql } from 'kysely'

import { ApiError } from '../../errors.ts'
import { migrate } from '../migrate.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { Connections, PATIENCE, type Patience } from './connections.ts'
import { News } from './news.ts'

/** How long the end of the store waits for the database, in milliseconds. */
const END_MILLISECONDS = 2000

/**
 * Opens a store that several replicas share.
 *
 * @param url `postgresql://user:password@host:port/database`
 * @param onError receives the errors of lost connections, which are opened again
 * @param signal ends all queries, and refuses new ones, when it aborts
 * @throws ApiError that says what to do if it can't be used
 */
export async function openPostgres(
  url: string,
  onError: (error: unknown) => void,
  { signal, patience = PATIENCE }: { signal?: AbortSignal; patience?: Patience } = {},
): Promise<Store> {
  const translate = (error: unknown): unknown => toApiError(error, placeOf(url))
  const connections = new Connections(url, patience, onError, translate)
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: connections }) })
  const news = new News(() => connections.newClient(), onError)
  signal?.addEventListener('abort', () => connections.cut(), { once: true })
  const close = async (): Promise<void> => {
    const timer = setTimeout(() => connections.cut(), END_MILLISECONDS)
    await Promise.all([news.close(), db.destroy()])
    clearTimeout(timer)
  }
  try {
    await migrate(db)
  } catch (error) {
    await close()
    throw translate(error)
  }
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
    close,
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

function toApiError(error: unknown, place: string): unknown {
  if (error instanceof ApiError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // Class 53: the server is out of something. https://www.postgresql.org/docs/current/errcodes-appendix.html
  if (code === '53100') {
    const message = `The disk of ${place} is full.`
    return new ApiError('api_error', message, { status: 507, cause: error })
  }
  // 57014: the query took longer than allowed, as if it waited for a lock.
  if (/^(?:53|55P03|40|57014)/.test(code)) {
    return new ApiError('overloaded_error', `${place} is busy. Try again.`, { cause: error })
  }
  if (/^(?:28|3D)/.test(code)) {
    return new ApiError('api_error', `${place} refuses this server: ${error.message}`, {
      cause: error,
    })
  }
  if (/timeout/i.test(error.message) && code === '') {
    const message = `${place} does not answer. Try again.`
    return new ApiError('api_error', message, { status: 503, cause: error })
  }
  const isUnreachable =
    /^(?:08|57P|25P0[34])|^E[A-Z]+$/.test(code) || /terminated|not queryable/i.test(error.message)
  if (isUnreachable) {
    const message = `${place} can't be reached. Try again.`
    return new ApiError('api_error', message, { status: 503, cause: error })
  }
  // Class 23: a constraint was violated; the caller handles it.
  if (code.startsWith('23')) return error
  const message = `${place} can't be used: ${error.message}`
  return new ApiError('api_error', message, { cause: error })
}
