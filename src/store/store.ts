import type { Database } from './schema.ts'

/** The store of batches and files. Differences between the engines are behind these functions. */
export type Store = {
  readonly db: Database
  /** Makes a query skip rows that another replica has locked. */
  readonly skipsLocked: boolean
  /** Tells the other replicas that there is something to do. */
  announce: () => Promise<void>
  /** Has a function called when another replica announces something. */
  onAnnounced: (listener: () => void) => void
  /** Runs a step whose result must survive a power failure, not only the end of this process. */
  durably: <T>(step: () => Promise<T>) => Promise<T>
  /** Whether a worker, by its name, is known to be gone, so that its work need not wait for its lease. */
  isGone: (worker: string) => boolean
  /** Makes deleted rows unreadable in the files too, and gives their room back. */
  scrub: () => Promise<void>
  close: () => Promise<void>
}
