import { setTimeout } from 'node:timers/promises'

import { Deferred } from '../deferred.ts'
import { NO_PAST } from '../openai/responses/request.ts'
import type { Store } from '../store/store.ts'
import type { BackgroundJob } from './stored.ts'
import { sizeOfRow } from './row-size.ts'
import { eventRows, insertEvents } from './table-responses.ts'

export type KeptJobOptions = {
  worker: string
  /** Milliseconds. */
  lease: number
  now: () => number
  /** Receives the bytes that were written. */
  added: (bytes: number) => Promise<void>
  /** Receives errors of the store, the first of several in a row. */
  onError: (error: unknown) => void
}

/** Milliseconds in which events are gathered to be written together. */
const GATHER_MILLISECONDS = 100
/** Maximum milliseconds between two attempts after the store failed. */
const LONGEST_WAIT = 5000

/** Writes a response to the database while this server makes it. */
export class KeptJob {
  readonly #job: BackgroundJob
  readonly #store: Store
  readonly #options: KeptJobOptions
  #written = 0
  #isStopped = false
  #look = new Deferred<void>()

  constructor(job: BackgroundJob, store: Store, options: KeptJobOptions) {
    this.#job = job
    this.#store = store
    this.#options = options
  }

  /** Checks whether another server has cancelled or deleted the response. */
  look(): void {
    this.#look.resolve()
  }

  /** Does not repeat a write that the store refuses. */
  stop(): void {
    this.#isStopped = true
    this.#look.resolve()
  }

  /** Resolves when the response has ended and is written, or belongs to another server. */
  async run(): Promise<void> {
    const { lease, onError } = this.#options
    for (let failures = 0; ;) {
      const { isOver } = this.#job
      try {
        if (!(await this.#write(isOver))) return this.#job.cancel()
        if (isOver) return
        failures = 0
      } catch (error) {
        if (failures === 0) onError(error)
        if (this.#isStopped) return
        failures += 1
      }
      if (failures > 0)
        await setTimeout(Math.min(LONGEST_WAIT, GATHER_MILLISECONDS * 2 ** failures))
      else if (!this.#job.isOver) await this.#next(lease / 3)
    }
  }

  /** Waits for a change, for a call of `look`, or for the time to renew the lease. */
  async #next(longest: number): Promise<void> {
    const timer = new AbortController()
    const { signal } = timer
    // Events that came during the last write are a change already.
    const changed =
      this.#job.events.length > this.#written ? Promise.resolve() : this.#job.changed()
    await Promise.race([
      changed.then(() => setTimeout(GATHER_MILLISECONDS, undefined, { signal })),
      setTimeout(longest, undefined, { signal }),
      this.#look.promise,
    ]).catch(() => {})
    this.#look = new Deferred()
    timer.abort()
  }

  /** @returns false if the response belongs to another server */
  async #write(isOver: boolean): Promise<boolean> {
    const { response, events, added = NO_PAST } = this.#job
    const { worker, lease, now, added: noteAdded } = this.#options
    const fresh = eventRows(response.id, events.slice(this.#written))
    const text = JSON.stringify(response)
    const addedText = JSON.stringify(added)
    const size =
      fresh.reduce((sum, { event }) => sum + sizeOfRow(event), 0) +
      (isOver ? sizeOfRow(text, addedText) : 0)
    const isOwn = await this.#store.db.transaction().execute(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('responses')
        .set((is) => ({
          size: is('size', '+', size),
          ...((fresh.length > 0 || isOver) && { response: text }),
          ...(isOver
            ? { added: addedText, worker: null, lease_until: null }
            : { lease_until: now() + lease }),
        }))
        .where('id', '=', response.id)
        .where('worker', '=', worker)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      await insertEvents(db, fresh)
      if (fresh.length > 0 || isOver) await this.#store.announce(`events ${response.id}`, db)
      return true
    })
    this.#written += fresh.length
    if (isOwn) await noteAdded(size)
    return isOwn
  }
}
