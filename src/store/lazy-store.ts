import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ApiError } from '../errors.ts'
import { stopping } from '../refusals.ts'
import type { Store } from './store.ts'

export type StorePlace = {
  /** The folder for a file of its own; undefined where nothing is kept. */
  stateFolder: string | undefined
}

/** The store, opened when it is first needed: no plain request needs it. */
export class LazyStore {
  readonly #place: StorePlace
  readonly #onOpen: (path: string) => void
  #opened: Promise<Store> | undefined
  #isClosed = false

  /** @param onOpen is told where the store is */
  constructor(place: StorePlace, onOpen: (path: string) => void) {
    this.#place = place
    this.#onOpen = onOpen
  }

  /** Whether there may be something in it from before. */
  get exists(): boolean {
    const { stateFolder } = this.#place
    return stateFolder !== undefined && existsSync(sqliteFileIn(stateFolder))
  }

  /**
   * The store. What failed is tried again the next time.
   *
   * @throws ApiError where there is no place for one, or it can't be used
   */
  open(): Promise<Store> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const store = await this.#opened?.catch(() => undefined)
    await store?.close()
  }

  async #open(): Promise<Store> {
    const { stateFolder } = this.#place
    if (this.#isClosed) throw stopping()
    if (stateFolder === undefined) {
      throw new ApiError(
        'not_found_error',
        'Batches and files need a place to be kept in: set state_folder.',
      )
    }
    const { openSqlite } = await importSqlite()
    const store = await openSqlite(sqliteFileIn(stateFolder))
    this.#onOpen(sqliteFileIn(stateFolder))
    return store
  }
}

/** The database's file. Beside it SQLite has one whose name ends with `-wal` and one with `-shm`. */
function sqliteFileIn(stateFolder: string): string {
  return join(stateFolder, 'store.db')
}

/** Takes some milliseconds, and needs a binary for this system. */
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
