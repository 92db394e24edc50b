import type { Store } from '../store/store.ts'
import { newWorkerName } from '../store/worker-name.ts'
import { BatchRecords } from './batch-records.ts'
import { type Batch, newBatchId, type NewRequest } from './batch.ts'
import { linesIn } from './lines.ts'
import { requestsIn } from './request-list.ts'
import { RequestQueue } from './request-queue.ts'
import { BatchRunner, type RunnerOptions } from './runner.ts'
import { type EntryForm, MESSAGES_FORM, openaiForm, requestsOf } from './take-in.ts'

export type DeskOptions = Omit<RunnerOptions, 'records' | 'queue'> & {
  /** Milliseconds after which the unfinished requests of a batch expire. */
  expiry: number
  /** Bytes of one request. */
  maxBodySize: number
}

export type Caller = { owner: string; betas: string[]; headers?: string }

/** Bytes of a batch: the API's own limit. */
const MAX_BYTES = 256 * 1024 * 1024

/** The requests that are written in one step while a batch is read. */
const REQUESTS_OF_A_STEP = 500
const CHARACTERS_OF_A_STEP = 1_000_000

/** Accepts batches, and starts their work. */
export class BatchDesk {
  readonly records: BatchRecords
  readonly runner: BatchRunner
  readonly #options: DeskOptions

  constructor(store: Store, options: DeskOptions) {
    this.#options = options
    this.records = new BatchRecords(store)
    const queue = new RequestQueue(store, newWorkerName(), options.lease)
    this.runner = new BatchRunner({ ...options, records: this.records, queue })
    store.onAnnounced(() => this.runner.wake())
    this.runner.start()
  }

  /**
   * Stores a batch of the Messages API while its body arrives. The batch begins once all of it is
   * stored.
   *
   * @throws ApiError 400 or 413; then nothing of it is kept
   */
  async create(body: AsyncIterable<Uint8Array>, caller: Caller): Promise<Batch> {
    const { maxBodySize } = this.#options
    const entries = requestsIn(body, { body: MAX_BYTES, entry: maxBodySize })
    return this.#takeIn(entries, MESSAGES_FORM, newBatchId('msgbatch'), caller)
  }

  /**
   * Stores one of OpenAI's batches, from the lines of a file.
   *
   * @param endpoint one of `OPENAI_PATHS`
   * @throws ApiError as `create` does
   */
  async createFromFile(
    content: AsyncIterable<Uint8Array>,
    endpoint: string,
    caller: Caller,
    origin: { inputFileId: string; metadata?: object },
  ): Promise<Batch> {
    const entries = linesIn(content, this.#options.maxBodySize)
    return this.#takeIn(entries, openaiForm(endpoint), newBatchId('batch'), {
      ...caller,
      ...origin,
    })
  }

  async #takeIn(
    entries: AsyncIterable<string>,
    form: EntryForm,
    id: string,
    caller: Caller & { inputFileId?: string; metadata?: object },
  ): Promise<Batch> {
    const { expiry, modelOf } = this.#options
    const requests = requestsOf(entries, form, modelOf)
    await this.records.create(id, { ...caller, endpoint: form.endpoint, expiry })
    try {
      const { total, errored } = await this.#write(id, requests)
      await this.records.open(id, total, errored)
    } catch (error) {
      await this.records.discard(id).catch(this.#options.onError)
      throw error
    }
    this.runner.wake()
    return this.records.get(caller.owner, id)
  }

  async #write(
    id: string,
    requests: AsyncIterable<NewRequest>,
  ): Promise<{ total: number; errored: number }> {
    let total = 0
    let errored = 0
    let step: NewRequest[] = []
    let characters = 0
    const write = async (): Promise<void> => {
      await this.records.add(id, total - step.length, step)
      step = []
      characters = 0
    }
    for await (const request of requests) {
      step.push(request)
      total += 1
      if (request.problem !== undefined) errored += 1
      characters += request.params.length
      const isLarge = step.length === REQUESTS_OF_A_STEP || characters > CHARACTERS_OF_A_STEP
      if (isLarge) await write()
    }
    if (step.length > 0) await write()
    return { total, errored }
  }
}
