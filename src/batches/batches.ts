import { stopping } from '../refusals.ts'
import type { BatchProgress } from '../observe/batch-progress.ts'
import type { LazyStore } from '../store/lazy-store.ts'
import type { BatchDesk, DeskOptions } from './desk.ts'

/** The wait after the store could not be opened, in milliseconds. */
const FIRST_WAIT = 1000
const LONGEST_WAIT = 60_000

/** The batches of a proxy. Nothing is opened or started before the first batch. */
export class Batches {
  readonly #store: LazyStore
  readonly #options: DeskOptions
  #desk: Promise<BatchDesk> | undefined
  #opened: BatchDesk | undefined
  #isClosed = false

  constructor(store: LazyStore, options: DeskOptions) {
    this.#store = store
    this.#options = options
  }

  /**
   * Continues the batches of an earlier run, and retries while the store can't be used. Call it
   * once the proxy serves.
   */
  async resume(wait = FIRST_WAIT): Promise<void> {
    if (!this.#store.exists || this.#isClosed) return
    try {
      await this.desk()
    } catch (error) {
      if (this.#isClosed) return
      if (wait === FIRST_WAIT) this.#options.onError(error)
      const longer = Math.min(LONGEST_WAIT, 2 * wait)
      setTimeout(() => void this.resume(longer), wait).unref()
    }
  }

  /** @throws ApiError if the store can't be used */
  desk(): Promise<BatchDesk> {
    this.#desk ??= this.#open().catch((error: unknown) => {
      this.#desk = undefined
      throw error
    })
    return this.#desk
  }

  progress(): BatchProgress[] {
    return this.#opened?.runner.progress() ?? []
  }

  /** Ends the requests in progress; they are asked again after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#opened?.runner.abort()
    await this.#opened?.runner.stop()
  }

  async #open(): Promise<BatchDesk> {
    const store = await this.#store.open()
    const { BatchDesk } = await import('./desk.ts')
    if (this.#isClosed) throw stopping()
    this.#opened = new BatchDesk(store, this.#options)
    return this.#opened
  }
}
