import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ApiError } from '../errors.ts'
import { stopping } from '../refusals.ts'
import type { Store } from './store.ts'

export type StorePlace = {
  /** The folder for the database file; undefined if nothing is kept. */
  stateFolder: string | undefined
  /** The shared database of replicas, instead of a file. */
  databaseUrl?: string | undefined
}

export type StoreEvents = {
  /** Receives the place of the opened store. */
  onOpen: (place: string) => void
  /** Receives the error of a lost connection. */
  onError: (error: unknown) => void
}

/** The store, opened when it is first needed. Plain requests never need it. */
export class LazyStore {
  readonly #place: StorePlace
  readonly #events: StoreEvents
  #opened: Promise<Store> | undefined
  #isClosed = false
  /** Aborts when queries must end. */
  readonly #end = new AbortController()

  constructor(place: StorePlace, events: StoreEvents) {
    this.#place = place
    this.#events = events
  }

  /** Whether it may hold data of an earlier run. */
  get exists(): boolean {
    const { stateFolder, databaseUrl } = this.#place
    if (databaseUrl !== undefined) return true
    return stateFolder !== undefined && existsSync(sqliteFileIn(stateFolder))
  }

  /**
   * The store. If it failed to open, the next call tries again.
   *
   * @throws ApiError if there is no folder for one, or it can't be used
   */
  open(): Promise<Store> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  /**
   * Ends the queries that the database has not answered after so many milliseconds, and refuses new
   * ones from then on. A database that hangs must not hold up the end of the proxy.
   */
  endQueriesIn(milliseconds: number): void {
    setTimeout(() => this.#end.abort(), milliseconds).unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const store = await this.#opened?.catch(() => undefined)
    await store?.close()
  }

  async #open(): Promise<Store> {
    const { stateFolder, databaseUrl } = this.#place
    if (this.#isClosed || this.#end.signal.aborted) throw stopping()
    if (databaseUrl !== undefined) {
      const { openPostgres, placeOf } = await import('./postgres/open.ts')
      const store = await openPostgres(databaseUrl, this.#events.onError, {
        signal: this.#end.signal,
      })
      this.#events.onOpen(placeOf(databaseUrl))
      return store
    }
    if (stateFolder === undefined) {
      throw new ApiError('not_found_error', 'Batches and files need a folder: set state_folder.')
    }
    const { openSqlite } = await importSqlite()
    const store = await openSqlite(sqliteFileIn(stateFolder))
    this.#events.onOpen(sqliteFileIn(stateFolder))
    return store
  }
}

/**
 * The database's file. SQLite keeps two more files next to it, which end with `-wal` and `-shm`.
 */
function sqliteFileIn(stateFolder: string): string {
  return join(stateFolder, 'store.db')
}

/** The import takes some milliseconds, and needs a binary for this system. */
async function importSqlite(): Promise<{ openSqlite: (path: string) => Promise<Store> }> {
  try {
    return await import('./sqlite/open.ts')
  } catch (cause) {
    throw new ApiError(
      'api_error',
      'The embedded database is not installed for this system: run npm install again, without --omit=optional.',
      { cause },
    )
  }
}
