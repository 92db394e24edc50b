import type { Database } from './schema.ts'

/** The store of batches and files. Differences between the engines are behind these functions. */
export type Store = {
  readonly db: Database
  /** Makes a query skip rows that another replica has locked. */
  readonly skipsLocked: boolean
  /**
   * Within a transaction: waits for other transactions with the same lock, and keeps later ones
   * waiting until its end.
   */
  serialize: (transaction: Database, lock: string) => Promise<void>
  /** Notifies the other replicas of new work. */
  announce: () => Promise<void>
  /** Calls a function when another replica announces new work. */
  onAnnounced: (listener: () => void) => void
  /** Runs a step whose result must survive a power failure, not only a crash of this process. */
  durably: <T>(step: () => Promise<T>) => Promise<T>
  /**
   * Whether the worker with this name is known to be gone, so that its work need not wait for the
   * end of its lease.
   */
  isGone: (worker: string) => boolean
  /** Makes deleted rows unreadable in the files too, and frees their space. */
  scrub: () => Promise<void>
  close: () => Promise<void>
}
