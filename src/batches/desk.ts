import { parseJson } from '../api/parse-json.ts'
import { ApiError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { newWorkerName } from '../store/worker-name.ts'
import { BatchRecords } from './batch-records.ts'
import { type Batch, newBatchId, type NewRequest } from './batch.ts'
import { endpointAt, MESSAGES_PATH } from './endpoints.ts'
import { requestsIn } from './request-list.ts'
import { RequestQueue } from './request-queue.ts'
import { BatchRunner, type RunnerOptions } from './runner.ts'

export type DeskOptions = Omit<RunnerOptions, 'records' | 'queue'> & {
  /** Milliseconds after which what is not finished of a batch expires. */
  expiry: number
  /** Bytes of one request. */
  maxBodySize: number
}

export type Caller = { owner: string; betas: string[] }

/** Bytes and requests of a batch: the API's own limits. */
export const MOST_BYTES = 256 * 1024 * 1024
export const MOST_REQUESTS = 100_000

/** What is written in one step while a batch is read. */
const REQUESTS_OF_A_STEP = 500
const CHARACTERS_OF_A_STEP = 1_000_000

/** Takes batches in, and has them worked off. */
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
   * Takes in a batch of the Messages API while its body comes. It begins when all of it is written.
   *
   * @throws ApiError 400 or 413, where nothing of it is kept
   */
  async create(body: AsyncIterable<Uint8Array>, caller: Caller): Promise<Batch> {
    const { maxBodySize } = this.#options
    const entries = requestsIn(body, { body: MOST_BYTES, entry: maxBodySize })
    return this.#takeIn(requestsOf(entries), MESSAGES_PATH, caller)
  }

  async #takeIn(
    requests: AsyncIterable<NewRequest>,
    endpoint: string,
    { owner, betas }: Caller,
  ): Promise<Batch> {
    const id = newBatchId()
    await this.records.create(id, { owner, endpoint, betas, expiry: this.#options.expiry })
    try {
      const { total, errored } = await this.#write(id, requests)
      await this.records.open(id, total, errored)
    } catch (error) {
      await this.records.discard(id).catch(this.#options.onError)
      throw error
    }
    this.runner.wake()
    return this.records.get(owner, id)
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

/** Checks each request on its own: what is wrong with one is its result, and leaves the others alone. */
async function* requestsOf(entries: AsyncIterable<string>): AsyncIterableIterator<NewRequest> {
  const ids = new Set<string>()
  for await (const entry of entries) {
    const place = `requests.${ids.size}`
    if (ids.size === MOST_REQUESTS) {
      throw new ApiError(
        'invalid_request_error',
        `requests: List should have at most ${MOST_REQUESTS} items`,
      )
    }
    const { custom_id: customId, params } = await entryOf(entry, place)
    checkId(customId, place)
    if (ids.has(customId)) {
      throw new ApiError(
        'invalid_request_error',
        `${place}.custom_id: ${JSON.stringify(customId)} is used twice: each must be unique in its batch`,
      )
    }
    ids.add(customId)
    const problem = problemOf(params)
    yield {
      customId,
      params: JSON.stringify(params),
      ...(problem && { problem: { type: 'errored', error: problem } }),
    }
  }
}

type Entry = { custom_id: string; params: object }

async function entryOf(text: string, place: string): Promise<Entry> {
  try {
    const { custom_id: customId, params } = (await parseJson(text)) as Partial<
      Record<string, unknown>
    >
    if (typeof customId !== 'string') throw required('custom_id', 'a valid string', customId)
    if (typeof params !== 'object' || params === null || Array.isArray(params)) {
      throw required('params', 'an object', params)
    }
    return { custom_id: customId, params }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const dot = /^(?:custom_id|params)/.test(error.message) ? '.' : ': '
    throw new ApiError(error.type, `${place}${dot}${error.message}`, { cause: error })
  }
}

function required(field: string, kind: string, value: unknown): ApiError {
  const message = value === undefined ? 'Field required' : `Input should be ${kind}`
  return new ApiError('invalid_request_error', `${field}: ${message}`)
}

/** The API's own rule. */
function checkId(customId: string, place: string): void {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(customId)) return
  throw new ApiError(
    'invalid_request_error',
    `${place}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`,
  )
}

function problemOf(params: object): object | undefined {
  try {
    endpointAt(MESSAGES_PATH).requestOf(params)
    return undefined
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error.body()
  }
}
