import { ApiError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { newWorkerName } from '../store/worker-name.ts'
import { BatchRecords, type TakenIn } from './batch-records.ts'
import { type Batch, type Fault, newBatchId, type NewRequest } from './batch.ts'
import { linesIn } from './lines.ts'
import { requestsIn } from './request-list.ts'
import { RequestQueue } from './request-queue.ts'
import { BatchRunner, type RunnerOptions } from './runner.ts'
import {
  type EntryForm,
  faultOf,
  FaultyFile,
  MESSAGES_FORM,
  openaiForm,
  type RawEntry,
  requestsOf,
} from './take-in.ts'

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
    const worker = newWorkerName()
    this.records = new BatchRecords(store, worker)
    const queue = new RequestQueue(store, worker, options.lease)
    this.runner = new BatchRunner({ ...options, records: this.records, queue })
    store.onAnnounced((subject = 'batches') => {
      if (subject === 'batches') this.runner.wake()
    })
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
    const entries = numbered(requestsIn(body, { body: MAX_BYTES, entry: maxBodySize }))
    return this.#takeIn(entries, MESSAGES_FORM, newBatchId('msgbatch'), caller)
  }

  /**
   * Stores one of OpenAI's batches, from the lines of a file. A file with faults makes a batch that
   * has failed, with the faults in it.
   *
   * @param endpoint one of `OPENAI_PATHS`
   */
  async createFromFile(
    content: AsyncIterable<Uint8Array>,
    endpoint: string,
    caller: Caller,
    origin: { inputFileId: string; metadata?: object; outputLifetime?: number },
  ): Promise<Batch> {
    const entries = linesIn(content, this.#options.maxBodySize)
    return this.#takeIn(entries, openaiForm(endpoint), newBatchId('batch'), {
      ...caller,
      ...origin,
    })
  }

  async #takeIn(
    entries: AsyncIterable<RawEntry>,
    form: EntryForm,
    id: string,
    origin: Caller & { inputFileId?: string; metadata?: object; outputLifetime?: number },
  ): Promise<Batch> {
    const { expiry, modelOf, onError } = this.#options
    const requests = requestsOf(entries, form, modelOf)
    await this.records.whileTakenIn(id, async () => {
      await this.records.create(id, { ...origin, endpoint: form.endpoint, expiry })
      try {
        await this.records.open(id, await this.#write(id, requests))
      } catch (error) {
        const faults = origin.inputFileId === undefined ? undefined : faultsIn(error)
        if (faults !== undefined) return this.records.fail(id, faults)
        await this.records.discard(id).catch(onError)
        throw error
      }
    })
    this.runner.wake()
    return this.records.get(origin.owner, id)
  }

  async #write(id: string, requests: AsyncIterable<NewRequest>): Promise<TakenIn> {
    let total = 0
    let errored = 0
    let model: string | undefined
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
      model ??= request.model
      characters += request.params.length
      const isLarge = step.length === REQUESTS_OF_A_STEP || characters > CHARACTERS_OF_A_STEP
      if (isLarge) await write()
    }
    if (step.length > 0) await write()
    return { total, errored, model }
  }
}

async function* numbered(entries: AsyncIterable<string>): AsyncIterableIterator<RawEntry> {
  let number = 0
  for await (const text of entries) {
    yield { text, number }
    number += 1
  }
}

/** The faults of a file; undefined if the error is another one. */
function faultsIn(error: unknown): Fault[] | undefined {
  if (error instanceof FaultyFile) return error.faults
  if (error instanceof ApiError && [400, 413].includes(error.status)) return [faultOf(error)]
  return undefined
}
