import type { ResponseItem } from 'openai/resources/responses/responses'

import { NO_PAST } from '../openai/responses/request.ts'
import type { LazyStore } from '../store/lazy-store.ts'
import type { Store, Subject } from '../store/store.ts'
import { newWorkerName } from '../store/worker-name.ts'
import { within } from '../within.ts'
import { Changes } from './changes.ts'
import { forgetConversations, forgetResponses } from './forget.ts'
import { KeptJob } from './kept-job.ts'
import { MAX_RUNNING, tooManyRunning } from './refusals.ts'
import type {
  BackgroundJob,
  Conversations,
  ResponseShelf,
  Responses,
  StoredResponse,
} from './stored.ts'
import { TableConversations } from './table-conversations.ts'
import { type TableOptions, TableResponses } from './table-responses.ts'
import { TableRoom } from './table-room.ts'

export type SharedShelfOptions = Pick<TableOptions, 'retention' | 'lease'> & {
  /** Maximum bytes of all objects together. */
  limit: number
  /** Milliseconds since the epoch. */
  now?: () => number
  /** Receives errors of the store that no client gets. */
  onError: (error: unknown) => void
}

/** The interval in which old objects are deleted, in milliseconds. */
const OLD_MILLISECONDS = 60 * 60 * 1000
/** How long an answer, and the end of the proxy, wait for the store, in milliseconds. */
const LONGEST_WAIT = 5000
/** The number of rows that are deleted in one step. */
const ROWS_OF_A_STEP = 500

/** Keeps responses and conversations in the database that replicas share. */
export class SharedShelf implements ResponseShelf {
  readonly #store: Pick<LazyStore, 'open'>
  readonly #options: SharedShelfOptions & TableOptions
  readonly #worker = newWorkerName()
  /** The responses that this server makes, by their ids. */
  readonly #jobs = new Map<string, { job: KeptJob; ended: Promise<void> }>()
  readonly #changes = new Changes()
  #opened: Promise<Store> | undefined
  #room: TableRoom | undefined
  #timer: NodeJS.Timeout | undefined
  #cleared: Promise<void> | undefined
  #isClosed = false

  constructor(store: Pick<LazyStore, 'open'>, options: SharedShelfOptions) {
    this.#store = store
    this.#options = {
      now: Date.now,
      isMade: (id) => this.#jobs.has(id),
      nextChange: (id) => this.#changes.next(id),
      added: async (bytes) => this.#room?.note(bytes),
      ...options,
    }
  }

  responses({ owner }: { owner: string }): Responses {
    const rows = async (): Promise<TableResponses> =>
      new TableResponses(await this.#open(), owner, this.#options)
    return {
      add: async (stored) => this.#add(rows, stored),
      run: async (job, input) => this.#run(await rows(), job, input),
      get: async (id) => (await rows()).get(id),
      cancel: async (id) => (await rows()).cancel(id).finally(() => this.#heard(`end ${id}`)),
      events: async (id, after) => (await rows()).events(id, after),
      delete: async (id) => (await rows()).delete(id).finally(() => this.#heard(`end ${id}`)),
      // A request that refers to nothing stored needs no database.
      past: async (id) => (id ? (await rows()).past(id) : NO_PAST),
      input: async (id) => (await rows()).input(id),
      items: async (ids) => (ids.length > 0 ? (await rows()).items(ids) : new Map()),
    }
  }

  conversations({ owner }: { owner: string }): Conversations {
    const rows = async (): Promise<TableConversations> =>
      new TableConversations(await this.#open(), owner, this.#options)
    return {
      create: async (metadata) => (await rows()).create(metadata),
      get: async (id) => (await rows()).get(id),
      update: async (id, metadata) => (await rows()).update(id, metadata),
      delete: async (id) => (await rows()).delete(id),
      items: async (id) => (await rows()).items(id),
      item: async (id, itemId) => (await rows()).item(id, itemId),
      append: async (id, items) => (await rows()).append(id, items),
      note: async (id, items) => (await rows()).note(id, items),
      deleteItem: async (id, itemId) => (await rows()).deleteItem(id, itemId),
    }
  }

  /** Deletes objects that are older than the retention, or for which there is no room. */
  async forgetOld(): Promise<void> {
    const { db, scrub } = await this.#open()
    const oldest = this.#options.now() - this.#options.retention
    let count = 0
    while (!this.#isClosed) {
      const responses = await db
        .selectFrom('responses')
        .select('id')
        .where('created_at', '<', oldest)
        .limit(ROWS_OF_A_STEP)
        .execute()
      const conversations = await db
        .selectFrom('conversations')
        .select('id')
        .where('changed_at', '<', oldest)
        .limit(ROWS_OF_A_STEP)
        .execute()
      await db.transaction().execute(async (step) => {
        await forgetResponses(
          step,
          responses.map(({ id }) => id),
        )
        await forgetConversations(
          step,
          conversations.map(({ id }) => id),
        )
      })
      count += responses.length + conversations.length
      if (responses.length + conversations.length === 0) break
    }
    if (count > 0) await scrub()
    await this.#room?.clear()
  }

  /**
   * Waits until the finished responses are written. Call it when no response is in progress any
   * more.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    const jobs = [...this.#jobs.values()]
    for (const { job } of jobs) job.stop()
    const ended = Promise.all([this.#cleared, ...jobs.map((each) => each.ended)])
    await inTime(ended).catch(this.#options.onError)
  }

  #open(): Promise<Store> {
    this.#opened ??= this.#prepare().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async #prepare(): Promise<Store> {
    const store = await this.#store.open()
    store.onAnnounced((subject) => this.#heard(subject))
    const { retention, limit, onError } = this.#options
    this.#room = new TableRoom(store, limit, onError)
    const forget = (): void => {
      this.#cleared = this.forgetOld().catch(onError)
    }
    this.#timer = setInterval(forget, Math.min(OLD_MILLISECONDS, retention)).unref()
    setImmediate(forget)
    return store
  }

  async #add(rows: () => Promise<TableResponses>, stored: StoredResponse): Promise<void> {
    const kept = (async () => (await rows()).add(stored))()
    await inTime(kept).catch(this.#options.onError)
  }

  async #run(rows: TableResponses, job: BackgroundJob, input: ResponseItem[]): Promise<void> {
    if (this.#jobs.size >= MAX_RUNNING) throw tooManyRunning()
    const kept = new KeptJob(job, await this.#open(), { ...this.#options, worker: this.#worker })
    try {
      await rows.begin(job.response, input, this.#worker)
    } catch (error) {
      job.cancel()
      throw error
    }
    const { id } = job.response
    this.#jobs.set(id, { job: kept, ended: kept.run().finally(() => this.#jobs.delete(id)) })
  }

  /** A response has changed; any may have if it is not known which. */
  #heard(subject: Subject | undefined): void {
    if (subject === 'batches') return
    const [kind = 'end', id] = subject?.split(' ') ?? []
    this.#changes.tell(id)
    if (kind === 'end') this.#look(id)
  }

  /** Lets jobs look whether their response was cancelled or deleted. */
  #look(id?: string): void {
    const jobs = id === undefined ? [...this.#jobs.values()] : [this.#jobs.get(id)]
    for (const each of jobs) each?.job.look()
  }
}

/** @throws Error if the store takes too long */
async function inTime(step: Promise<unknown>): Promise<void> {
  if (await within(LONGEST_WAIT, step)) return
  throw new Error(`The store took longer than ${LONGEST_WAIT} ms.`)
}
