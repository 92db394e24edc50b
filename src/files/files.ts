import type { MessagesRequest } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import type { LazyStore } from '../store/lazy-store.ts'
import { newWorkerName } from '../store/worker-name.ts'
import { attachFiles, type Attachment, namesFiles } from './attach.ts'
import type { FileRecords } from './file-records.ts'

export type FilesOptions = {
  /** Bytes of all files together. */
  limit: number
  /** Maximum bytes of all files in one request. */
  maxBodySize: number
  /** Receives errors of the deletion of expired files. */
  onError: (error: unknown) => void
  /** Milliseconds since the epoch; by default of this machine. */
  now?: () => number
}

/**
 * The interval in which expired files are deleted, in milliseconds. They are invisible before that.
 */
const OLD_MILLISECONDS = 60 * 60 * 1000

/** The files of a proxy. Nothing is opened before the first file. */
export class Files {
  readonly #store: LazyStore
  readonly #options: FilesOptions
  readonly #worker = newWorkerName()
  #timer: NodeJS.Timeout | undefined
  #cleared: Promise<void> | undefined

  constructor(store: LazyStore, options: FilesOptions) {
    this.#store = store
    this.#options = options
  }

  /** @throws ApiError if the store can't be used */
  async records(): Promise<FileRecords> {
    const [store, { FileRecords }] = await Promise.all([
      this.#store.open(),
      import('./file-records.ts'),
    ])
    const { limit, now, onError } = this.#options
    const records = new FileRecords(store, limit, this.#worker, now)
    if (this.#timer === undefined) {
      const clear = (): void => {
        this.#cleared = records.forgetOld().catch(onError)
      }
      this.#timer = setInterval(clear, OLD_MILLISECONDS).unref()
      clear()
    }
    return records
  }

  /** Deletes files that expired since an earlier run. Call it once the proxy serves. */
  async resume(): Promise<void> {
    if (!this.#store.exists) return
    // The batches report a store that can't be used, and try again, as does the next request.
    await this.records().catch(() => {})
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#cleared
  }

  /**
   * Replaces the ids of an owner's files by their content.
   *
   * @throws ApiError 413 if they are too large together, 400 if a file has the wrong type for its
   * place
   */
  async attach(request: MessagesRequest, owner: string): Promise<MessagesRequest> {
    if (!namesFiles(request) || !this.#store.exists) return request
    const records = await this.records()
    let size = 0
    return attachFiles(request, async (id) => {
      const file = await records.find(owner, id)
      if (file === undefined) return undefined
      size += file.size
      if (size > this.#options.maxBodySize) {
        throw new ApiError(
          'request_too_large',
          `The files of the request exceed the maximum size: ${this.#options.maxBodySize} bytes (max_body_size).`,
        )
      }
      const pieces: Uint8Array[] = []
      for await (const piece of records.content(id)) pieces.push(piece)
      return { ...file, bytes: Buffer.concat(pieces) } satisfies Attachment
    })
  }
}
