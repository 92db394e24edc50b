import type { Database } from './schema.ts'

/**
 * The changes that servers tell each other: of any batch, or of the stored response with an id: it has
 * new events, or was ended from outside.
 */
export type Subject = 'batches' | `events ${string}` | `end ${string}`

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
  /** Whether servers hear each other's announcements. If not, they have to look for changes. */
  readonly announces: boolean
  /**
   * Tells all servers, including this one, that something has changed.
   *
   * @param db a transaction, if the announcement belongs to one: it is made at its end
   */
  announce: (subject: Subject, db?: Database) => Promise<void>
  /**
   * Calls a function when a server announces a change. Without a subject, announcements may have been
   * missed, and anything may have changed.
   */
  onAnnounced: (listener: (subject?: Subject) => void) => void
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
