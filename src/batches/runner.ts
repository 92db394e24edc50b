import { parseJson } from '../api/parse-json.ts'
import type { RateLimits } from '../api/rate-limits.ts'
import type { MessagesRequest, ReplyMessage } from '../api/types.ts'
import type { ClientKey } from '../config/keys/client-key.ts'
import { Deferred } from '../deferred.ts'
import { ApiError } from '../errors.ts'
import type { BatchProgress } from '../observe/batch-progress.ts'
import { guardUsage } from '../observe/usage-guard.ts'
import { tokenCounts } from '../openai/token-counts.ts'
import { inSteps } from '../steps.ts'
import type { Reply } from '../stream/reply.ts'
import { wholeReply } from './ask-whole.ts'
import type { BatchRecords } from './batch-records.ts'
import type { Batch, ClaimedRequest, Tokens } from './batch.ts'
import { endpointAt, type ModelOf, type Translated } from './endpoints.ts'
import { judge } from './judge.ts'
import { type Hold, Pace, progressOf } from './pace.ts'
import type { RequestQueue } from './request-queue.ts'

export type RunnerOptions = {
  records: BatchRecords
  queue: RequestQueue
  /** Asks a request in the same way as an interactive one. */
  ask: (
    request: MessagesRequest,
    about: {
      owner: string
      key: ClientKey | undefined
      betas: string[]
      headers: string
      signal: AbortSignal
    },
  ) => Promise<Reply>
  /**
   * Checks whether the key of a batch allows a request, and returns the key. Throws an ApiError:
   * 401 if the key no longer exists, 429 if it is over a limit, 403 if it may not use the model.
   */
  admit: (request: MessagesRequest, owner: string) => Promise<ClientKey | undefined>
  modelOf: ModelOf
  /** Whether a request can begin without taking the process of an interactive one. */
  hasRoom: () => boolean
  /** The state of the plan, if it is known. */
  rateLimits: () => RateLimits | undefined
  /** The model for requests that name none. */
  modelDefault: string
  /** Maximum requests at a time. */
  concurrency: number
  /** The share of each plan window that batches may use. */
  windowShare: number
  /** Milliseconds, like the next two. */
  firstEventTimeout: number
  lease: number
  retention: number
  onError: (error: unknown) => void
  /** Called when the progress of a batch has changed. */
  onChange: () => void
}

/**
 * Intervals in milliseconds: to look for free processes, for changes by other servers, and for old
 * batches.
 */
const ROOM_MILLISECONDS = 50
const LOOK_MILLISECONDS = 1000
const OLD_MILLISECONDS = 60 * 60 * 1000
/** The longest wait until the next attempt after the store failed, in milliseconds. */
const LONGEST_STORE_WAIT = 5000

/**
 * Works through the batches of all owners, taking one request of each in turn, while processes are
 * free and the plan allows it.
 */
export class BatchRunner {
  readonly #options: RunnerOptions
  readonly #pace = new Pace()
  readonly #inFlight = new Map<Promise<void>, { batchId: string; stop: AbortController }>()
  #batches: Batch[] = []
  /** The wait of all requests. */
  #hold: Hold | undefined
  /** The waits of single batches, whose models have used up their window. */
  readonly #holds = new Map<string, Hold>()
  /** How many requests in a row were refused, for reasons of the API. */
  #refusals = 0
  #news = new Deferred<void>()
  /** Settles when the store works again, or at the stop. */
  #storeNews = new Deferred<void>()
  #isRenewing = false
  #isStale = true
  #lookedAt = -Infinity
  #clearedAt = -Infinity
  #tookOverAt = -Infinity
  #turn = 0
  #isStopped = false
  #run: Promise<void> | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  start(): void {
    this.#run ??= this.#work()
  }

  /** Call it when a batch was created or changed. */
  wake(): void {
    this.#isStale = true
    this.#news.resolve()
  }

  /** The progress of the unfinished batches. */
  progress(): BatchProgress[] {
    const now = Date.now()
    return this.#batches.map((batch) =>
      progressOf(batch, {
        rate: this.#pace.rate(batch.id),
        inFlight: this.#inFlightOf(batch.id),
        hold: this.#holdOf(batch),
        now,
      }),
    )
  }

  /** Begins no more requests. Resolves when those in progress have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#news.resolve()
    this.#storeNews.resolve()
    await this.#run
    await Promise.all(this.#inFlight.keys())
  }

  /** Ends the requests in progress; they are put back. */
  abort(): void {
    for (const { stop } of this.#inFlight.values()) stop.abort()
  }

  async #work(): Promise<void> {
    const { lease } = this.#options
    // Runs separately, because a look at many batches may take longer than a lease.
    const heartbeat = setInterval(() => this.#renewLeases(), lease / 3).unref()
    let failures = 0
    while (!this.#isStopped || this.#inFlight.size > 0) {
      if (this.#isStopped) {
        await Promise.all(this.#inFlight.keys())
        break
      }
      this.#news = new Deferred()
      let pause: number
      try {
        await this.#look()
        pause = await this.#begin()
        if (failures > 0) this.#storeWorks()
        failures = 0
      } catch (error) {
        if (failures === 0) this.#options.onError(error)
        failures += 1
        pause = Math.min(LONGEST_STORE_WAIT, 250 * 2 ** failures)
        this.#hold = { reason: 'store', until: Date.now() + pause }
        this.#options.onChange()
      }
      await within(pause, this.#news.promise)
    }
    clearInterval(heartbeat)
  }

  /** Does not begin again while the store has not answered yet: renewals would fill its connections. */
  #renewLeases(): void {
    const { queue, onError } = this.#options
    if (this.#isRenewing) return
    this.#isRenewing = true
    void queue
      .renewLeases()
      // While the store is away, this is known.
      .catch((error: unknown) => this.#hold?.reason === 'store' || onError(error))
      .finally(() => (this.#isRenewing = false))
  }

  /** Makes waiting results be written at once. */
  #storeWorks(): void {
    if (this.#hold?.reason === 'store') this.#hold = undefined
    const news = this.#storeNews
    if (!this.#isStopped) this.#storeNews = new Deferred()
    news.resolve()
  }

  /** Looks for changes, and ends batches that are canceled or expired. */
  async #look(): Promise<void> {
    const { records, queue, lease, retention } = this.#options
    const now = Date.now()
    if (now < this.#lookedAt) this.#forgetTimes()
    if (now - this.#tookOverAt > lease / 3) {
      this.#tookOverAt = now
      await queue.takeOver()
    }
    const isOld = now - this.#clearedAt > Math.min(OLD_MILLISECONDS, retention)
    if (isOld || (records.hasLeftovers && now - this.#clearedAt > LOOK_MILLISECONDS)) {
      this.#clearedAt = now
      await records.forgetOld(retention)
    }
    if (!this.#isStale && now - this.#lookedAt < LOOK_MILLISECONDS) return
    this.#isStale = false
    this.#lookedAt = now
    const batches = await records.unfinished()
    for (const batch of batches) await records.sweep(batch)
    const hadBatches = this.#batches.length > 0
    this.#batches = batches
    this.#pace.note(batches, now)
    for (const id of this.#holds.keys()) {
      if (!batches.some((batch) => batch.id === id)) this.#holds.delete(id)
    }
    // The end of the last batch is a change as well.
    if (hadBatches || batches.length > 0 || this.#inFlight.size > 0) this.#options.onChange()
  }

  /**
   * Call it if the clock was put back: otherwise waits that have ended would last for that time
   * again.
   */
  #forgetTimes(): void {
    this.#lookedAt = this.#tookOverAt = this.#clearedAt = -Infinity
    this.#hold = undefined
    this.#holds.clear()
  }

  /**
   * Begins as many requests as are allowed now.
   *
   * @returns milliseconds until the next look, unless something happens before
   */
  async #begin(): Promise<number> {
    const { concurrency, hasRoom } = this.#options
    const batches = this.#batches.filter(
      ({ status, isPaused, expiresAt }) =>
        status === 'in_progress' && !isPaused && expiresAt > Date.now(),
    )
    const drained = new Set<string>()
    // If the reason of a lapsed wait still exists, the wait is set again below, before anyone can
    // see the gap.
    if (!isHeld(this.#hold)) this.#hold = undefined
    while (this.#inFlight.size < concurrency && !this.#isStopped) {
      // The request that was just claimed may have shown that its batch must wait.
      const ready = batches.filter(({ id }) => !drained.has(id) && !isHeld(this.#holds.get(id)))
      if (ready.length === 0) break
      if (isHeld(this.#hold)) return Math.min(LOOK_MILLISECONDS, this.#hold.until - Date.now())
      if (!hasRoom()) {
        this.#hold = { reason: 'interactive requests', until: Date.now() + ROOM_MILLISECONDS }
        return ROOM_MILLISECONDS
      }
      this.#turn += 1
      const batch = ready[this.#turn % ready.length] as Batch
      const request = await this.#options.queue.claim(batch.id)
      if (request === undefined) {
        this.#noteDrained(batch)
        drained.add(batch.id)
      } else {
        // As in `#noteDrained`.
        if (!isHeld(this.#holds.get(batch.id))) this.#holds.delete(batch.id)
        this.#ask(batch, request)
      }
    }
    return LOOK_MILLISECONDS
  }

  /** None of its requests may be asked now: all are in progress or wait for their next attempt. */
  #noteDrained({ id }: Batch): void {
    this.#isStale = true
    // During the claim, an earlier request may have shown that the batch must wait.
    if (isHeld(this.#holds.get(id))) return
    this.#holds.set(id, { reason: 'next attempt', until: Date.now() + ROOM_MILLISECONDS })
  }

  #ask(batch: Batch, request: ClaimedRequest): void {
    const stop = new AbortController()
    const asked = this.#askAndWrite(batch, request, stop.signal).finally(() => {
      this.#inFlight.delete(asked)
      this.#news.resolve()
    })
    this.#inFlight.set(asked, { batchId: batch.id, stop })
  }

  async #askAndWrite(batch: Batch, request: ClaimedRequest, signal: AbortSignal): Promise<void> {
    const { queue } = this.#options
    const { attempts, failures } = request
    let translated: Translated
    try {
      const params = await parseJson(request.params)
      translated = await inSteps(endpointAt(batch.endpoint)(params, this.#options.modelOf))
    } catch (error) {
      return this.#fail(request, error)
    }
    let key: ClientKey | undefined
    let hold = this.#windowHold(translated.request)
    try {
      if (hold === undefined) key = await this.#options.admit(translated.request, batch.owner)
    } catch (error) {
      hold = keyHold(error)
      if (hold === undefined) return this.#handleFailure(request, error)
    }
    if (hold !== undefined) {
      this.#holds.set(batch.id, hold)
      return this.#write(() =>
        queue.putBack(request, { after: 0, failures, attempts: attempts - 1 }),
      )
    }
    try {
      const { owner, headers } = batch
      const betas = [...batch.betas, ...(translated.betas ?? [])]
      const about = { owner, key, betas, headers, signal }
      const reply = await this.#options.ask(translated.request, about)
      const message = await wholeReply(reply, this.#options.firstEventTimeout, signal)
      this.#refusals = 0
      const result = { type: 'succeeded' as const, message: translated.answerOf(message) }
      await this.#write(() => queue.finish(request, result, tokensOf(message)))
    } catch (error) {
      if (signal.aborted) {
        return this.#write(() => queue.putBack(request, { after: 0, failures, attempts }))
      }
      return this.#handleFailure(request, error)
    }
  }

  /** A failed request gets its result, or is asked again later. */
  async #handleFailure(request: ClaimedRequest, error: unknown): Promise<void> {
    const { attempts, failures } = request
    const verdict = judge(error, failures, this.#refusals)
    if (verdict.kind === 'final') return this.#fail(request, error)
    if (verdict.everyone !== undefined) {
      // Requests that were asked together are refused together.
      if (!isHeld(this.#hold)) this.#refusals += 1
      this.#holdAll({ reason: verdict.everyone, until: Date.now() + verdict.after })
    }
    await this.#write(() =>
      this.#options.queue.putBack(request, {
        // A request that waits together with all others continues together with them.
        after: verdict.isOwn ? verdict.after : 0,
        failures: failures + (verdict.isOwn ? 1 : 0),
        attempts,
      }),
    )
  }

  #fail(request: ClaimedRequest, error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) this.#options.onError(error)
    const shown =
      error instanceof ApiError ? error : new ApiError('api_error', 'Internal server error')
    return this.#write(() =>
      this.#options.queue.finish(request, { type: 'errored', error: shown.body() }),
    )
  }

  /** Keeps the rest of the plan's windows for interactive use. */
  #windowHold({ model = this.#options.modelDefault }: MessagesRequest): Hold | undefined {
    const { windowShare, rateLimits } = this.#options
    try {
      guardUsage(windowShare, rateLimits(), model, Date.now() / 1000)
      return undefined
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return { reason: 'plan window', until: Date.now() + (error.retryAfter ?? 60) * 1000 }
    }
  }

  #holdAll(hold: Hold): void {
    if (isHeld(this.#hold) && this.#hold.until > hold.until) return
    this.#hold = hold
    this.#options.onChange()
  }

  /** A result is not lost if the store can't accept it at the moment. */
  async #write(step: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await step()
        if (failures > 0) this.#storeWorks()
        return
      } catch (error) {
        if (failures === 0) this.#options.onError(error)
        // Its lease will expire, and the request will be asked again.
        if (this.#isStopped) return
        const pause = Math.min(LONGEST_STORE_WAIT, 250 * 2 ** failures)
        this.#holdAll({ reason: 'store', until: Date.now() + pause })
        await within(pause, this.#storeNews.promise)
      }
    }
  }

  #holdOf(batch: Batch): Hold | undefined {
    if (batch.isPaused) return { reason: 'resume', until: Infinity }
    const isBusy = this.#inFlightOf(batch.id) > 0
    // This includes a wait that has lapsed since the last look: only the next look decides whether
    // it is over.
    const all = this.#hold
    const own = this.#holds.get(batch.id)
    if (own?.reason === 'next attempt') return isBusy ? undefined : own
    return own !== undefined && isHeld(own) ? own : isBusy ? undefined : all
  }

  #inFlightOf(batchId: string): number {
    return [...this.#inFlight.values()].filter((asked) => asked.batchId === batchId).length
  }
}

function tokensOf(message: ReplyMessage): Tokens {
  const { input, cacheRead, output, reasoning } = tokenCounts(message)
  return {
    input: whole(input),
    cached: whole(cacheRead),
    output: whole(output),
    reasoning: whole(reasoning),
  }
}

/** A gateway may leave usage out, and the store takes only whole numbers. */
function whole(count: number): number {
  return Number.isSafeInteger(count) ? count : 0
}

/** How often to check whether a key allows more, in milliseconds: the file of keys may change. */
const KEY_MILLISECONDS = 3000

/** Why and how long a batch waits because of its key; undefined if its request fails instead. */
function keyHold(error: unknown): Hold | undefined {
  if (!(error instanceof ApiError)) return undefined
  const again = Date.now() + KEY_MILLISECONDS
  if (error.status === 401) return { reason: 'key', until: Infinity, again }
  if (error.status !== 429) return undefined
  const until = Date.now() + (error.retryAfter ?? 0) * 1000
  return { reason: 'key limit', until, again: Math.min(again, until) }
}

function isHeld(hold: Hold | undefined): hold is Hold {
  return hold !== undefined && (hold.again ?? hold.until) > Date.now()
}

/** Waits for an event, for so many milliseconds at most. */
async function within(milliseconds: number, event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(1, milliseconds)).unref()
  })
  await Promise.race([over, event])
  clearTimeout(timer)
}
