import { stopping } from '../refusals.ts'
import type { BatchProgress } from '../observe/batch-progress.ts'
import type { LazyStore } from '../store/lazy-store.ts'
import type { BatchDesk, DeskOptions } from './desk.ts'

/** The batches of a proxy. Nothing is opened, and nothing runs, before there is a batch. */
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

  /** Goes on with what is there from before. To be called once the proxy serves. */
  async resume(): Promise<void> {
    if (this.#store.exists) await this.desk()
  }

  /** @throws ApiError where the store can't be used */
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

  /** Ends the requests under way, which are asked again after the next start. */
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
