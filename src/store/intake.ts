import { sql } from 'kysely'

import { ApiError } from '../errors.ts'
import { hasLapsed } from './lease.ts'
import type { Database } from './schema.ts'
import type { Store } from './store.ts'

/*
 * Batches and files are stored while they arrive. Until they are complete they belong to the server
 * that reads them, as long as it renews its lease; once the lease has ended, they are deleted.
 */

/** Milliseconds for which an incomplete batch or file belongs to a silent server. */
export const INTAKE_LEASE = 60_000

/** The same for one that a version without leases reads. */
const LONGEST_INTAKE = 60 * 60 * 1000

type Table = 'batches' | 'files'

/** Renews the lease of a row while work goes on. */
export async function whileRenewed<T>(
  db: Database,
  table: Table,
  id: string,
  now: () => number,
  work: () => Promise<T>,
): Promise<T> {
  const renew = (): Promise<unknown> =>
    db
      .updateTable(table)
      .set({ lease_until: now() + INTAKE_LEASE })
      .where('id', '=', id)
      .where('worker', 'is not', null)
      .execute()
  // If the store is away for long, the work itself fails.
  const timer = setInterval(() => void renew().catch(() => {}), INTAKE_LEASE / 4).unref()
  atWork.add(id)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    atWork.delete(id)
  }
}

/** The ids of the rows that this process reads now. */
const atWork = new Set<string>()

/**
 * The ids of the rows whose server died while it read them, or could not delete them after a failure,
 * as on a full disk.
 *
 * @param self the name of this server
 */
export async function abandonedIn(
  store: Store,
  table: Table,
  self: string,
  now: number,
): Promise<string[]> {
  const rows = await store.db
    .selectFrom(table)
    .select(['id', 'worker', 'lease_until', 'created_at'])
    .where(table === 'batches' ? sql<boolean>`status = 'creating'` : sql<boolean>`ready = 0`)
    .execute()
  const isAbandoned = ({
    id,
    worker,
    lease_until: until,
    created_at: createdAt,
  }: (typeof rows)[0]) => {
    if (worker === null || until === null) return createdAt < now - LONGEST_INTAKE
    if (worker === self) return !atWork.has(id)
    return store.isGone(worker) || hasLapsed(until, now, INTAKE_LEASE)
  }
  return rows.filter(isAbandoned).map(({ id }) => id)
}

/** The error if a lease ended before the end of the work, as after a long sleep of the machine. */
export function intakeLost(name: 'batch' | 'file'): ApiError {
  return new ApiError('api_error', `The ${name} was not stored in time. Try again.`, {
    status: 503,
  })
}
