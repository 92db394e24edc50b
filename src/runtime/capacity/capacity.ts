import { ApiError } from '../../errors.ts'
import { stopping } from '../../refusals.ts'
import { byValue, type Candidate } from '../lanes.ts'
import { Flow } from './flow.ts'
import { Line, type LineLimits, type PlaceInLine, type Priority } from './line.ts'
import { StartPace } from './start-pace.ts'

/** The part of a worker that the capacity uses. */
export type PooledWorker = Candidate & {
  readonly started: Promise<unknown>
  readonly exited: Promise<unknown>
  /** The reason to replace it; `undefined` if there is none. */
  readonly wear: string | undefined
  close: (cause: string, error?: ApiError) => void
  retire: (cause: string) => void
  forget: (cause: string) => Promise<void>
  warmUp: () => Promise<void>
}

export type CapacityLimits = LineLimits & {
  /** Maximum number of processes. */
  maxProcesses: number
  /** How long an idle conversation is kept, in milliseconds. */
  idleTimeout: number
  /** Milliseconds for which a worker waits for the results of its calls. */
  holdTimeout: number
}

export type CapacityInput<Worker extends PooledWorker> = CapacityLimits & {
  /** @throws Error if the system can't start one more process */
  start: () => Worker
  /** Called when a turn has to stay in line, and when a turn got what it waited for. */
  onLine?: () => void
  /** Number of cores; by default the system's. */
  cores?: number
}

/** The thing that a turn in line waits for. */
type Wish<Worker> =
  /**
   * A worker. The function gives the turn to a worker at once, if one can serve it, and returns
   * whether it did.
   */
  | { kind: 'worker'; serve: (available: readonly Worker[]) => boolean }
  /** A ticket for a process of another kind. */
  | { kind: 'ticket'; grant: () => void }

/**
 * A turn waits this long for a busy worker before one more is started. The first number holds while
 * there are fewer workers than cores. Milliseconds.
 */
const START_AFTER_MILLISECONDS = { few: 30, enough: 120 }

/** A worker without a conversation ends if no turn needs it for this long. Milliseconds. */
const EMPTY_IDLE = 30_000

/** If no worker is available for this long, one is started ahead of need. Milliseconds. */
const AHEAD_MILLISECONDS = 400

/**
 * The workers of a proxy, and the only count of its room for processes.
 *
 * A **ticket** is the right to a process. A worker has one from before its start until its process
 * is gone. There are `maxProcesses` tickets. Turns wait in one line for an available worker; if
 * that takes too long, one more is started. No turn waits while an available worker could serve it.
 */
export class Capacity<Worker extends PooledWorker> {
  readonly #input: CapacityInput<Worker>
  readonly #line: Line<Wish<Worker>>
  readonly #workers = new Set<Worker>()
  readonly #starting = new Set<Worker>()
  /** Workers that are ending, and whose processes still run. */
  readonly #ending = new Set<Worker>()
  readonly #timers = new Map<Worker, NodeJS.Timeout>()
  readonly #pace: StartPace
  readonly #flow = new Flow()
  /** Number of tickets held by processes of another kind (runs). */
  #runTickets = 0
  #growth: NodeJS.Timeout | undefined
  #isServing = false
  #mustServe = false
  #isClosed = false

  constructor(input: CapacityInput<Worker>) {
    this.#input = input
    this.#line = new Line(input)
    this.#pace = new StartPace(input.cores)
  }

  /** All workers whose processes still run. */
  get workers(): ReadonlySet<Worker> {
    return this.#workers
  }

  /** Turns in line. */
  get waiting(): number {
    return this.#line.length
  }

  get tickets(): number {
    return this.#workers.size + this.#runTickets
  }

  /**
   * Waits for a worker and uses it.
   *
   * @param use called with the available workers as soon as one may serve the turn. It gives the
   * turn to one of them at once, or returns `undefined` if none can serve it
   * @throws ApiError `overloaded_error` if no worker was free in time, the line is full or the
   * proxy stops; 499 if the client left
   */
  async withWorker<T>(
    use: (available: readonly Worker[]) => Promise<T> | undefined,
    signal: AbortSignal,
    priority: Priority = 'interactive',
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const serve = (available: readonly Worker[]): boolean => {
        const result = use(available)
        if (result === undefined) return false
        result.then(resolve, reject)
        return true
      }
      this.#join({ kind: 'worker', serve }, priority, signal, reject)
    })
  }

  /**
   * Waits for a ticket for a process of another kind.
   *
   * @returns a function that gives the ticket back, to be called once
   * @throws ApiError as `withWorker` does
   */
  async ticket(signal: AbortSignal, priority: Priority = 'interactive'): Promise<() => void> {
    await new Promise<void>((grant, reject) => {
      this.#join({ kind: 'ticket', grant }, priority, signal, reject)
    })
    return () => {
      this.#runTickets -= 1
      this.#serve()
    }
  }

  /** Starts a worker ahead of need, if there is room. */
  grow(): void {
    if (this.#isClosed || this.tickets >= this.#input.maxProcesses) return
    if (this.#starting.size > 0 || this.#pace.isPaused) return
    this.#start()
  }

  /** Call it after each change of a worker's stage. */
  changed(worker: Worker): void {
    clearTimeout(this.#timers.get(worker))
    if (worker.stage === 'opening') this.#flow.taken(worker, performance.now())
    else if (worker.isAvailable) this.#flow.freed(worker, performance.now())
    switch (worker.stage) {
      case 'ready':
        this.#after(worker, this.#idleTimeOf(worker), () => this.#endIdle(worker))
        break
      case 'held':
        this.#after(
          worker,
          this.#input.holdTimeout,
          () => void worker.forget('its calls got no results in time'),
        )
        break
      case 'ended':
        this.#ending.add(worker)
        void this.#removeAtExit(worker)
        break
      default:
    }
    this.#serve()
  }

  /** Replaces all workers, each when no turn uses it. */
  renew(cause: string): void {
    for (const worker of this.#workers) worker.retire(cause)
    this.#serve()
  }

  /** Ends all workers, and fails all turns in line. */
  close(error: ApiError): void {
    this.#isClosed = true
    clearTimeout(this.#growth)
    this.#line.clear(error)
    for (const worker of this.#workers) worker.close('the proxy stopped', error)
  }

  #join(
    wish: Wish<Worker>,
    priority: Priority,
    signal: AbortSignal,
    reject: (error: unknown) => void,
  ): void {
    try {
      if (this.#isClosed) throw stopping()
      const free = this.#input.maxProcesses - this.tickets + this.#starting.size
      const place = this.#line.join(wish, priority, signal, Math.max(0, free), reject)
      this.#serve()
      if (this.#line.has(place)) this.#input.onLine?.()
    } catch (error) {
      reject(error)
    }
  }

  /**
   * A worker that gets a turn changes its stage, which calls this again. Only one pass runs at a
   * time.
   */
  #serve(): void {
    this.#mustServe = true
    if (this.#isServing) return
    this.#isServing = true
    try {
      while (this.#mustServe && !this.#isClosed) {
        this.#mustServe = false
        this.#servePlaces()
      }
    } finally {
      this.#isServing = false
    }
    this.#planGrowth()
  }

  #servePlaces(): void {
    for (const place of this.#line.places) {
      if (!this.#servePlace(place)) return
    }
  }

  /** @returns whether the next place may be served as well */
  #servePlace(place: PlaceInLine<Wish<Worker>>): boolean {
    const { item } = place
    if (item.kind === 'ticket') {
      if (this.tickets >= this.#input.maxProcesses) return true
      this.#runTickets += 1
      item.grant()
      this.#leaves(place)
      return true
    }
    const available = this.#available()
    if (available.length === 0) return false
    if (item.serve(available)) this.#leaves(place)
    return true
  }

  /** A worker reports its new stage while its turn is still in line, so this is one more change. */
  #leaves(place: PlaceInLine<Wish<Worker>>): void {
    place.leave()
    this.#input.onLine?.()
  }

  #available(): Worker[] {
    const available: Worker[] = []
    for (const worker of this.#workers) {
      if (!worker.isAvailable) continue
      const { wear } = worker
      if (wear === undefined) available.push(worker)
      else worker.retire(wear)
    }
    return available
  }

  /** Starts a worker now or later, or makes room for one, if turns wait or soon may wait. */
  #planGrowth(): void {
    clearTimeout(this.#growth)
    if (this.#isClosed) return
    const wait = this.#growthDelay()
    if (wait === undefined) return
    this.#growth = setTimeout(() => this.#growNow(), wait)
    // A turn in line keeps the program running, because nothing else may.
    if (this.#line.length === 0) this.#growth.unref()
  }

  /** Milliseconds until the next action; `undefined` if no action is due. */
  #growthDelay(): number | undefined {
    const [first] = this.#line.places
    const isFull = this.tickets >= this.#input.maxProcesses
    if (first === undefined) {
      const isIdle = this.#starting.size > 0 || this.#available().length > 0
      return isFull || isIdle ? undefined : Math.max(AHEAD_MILLISECONDS, this.#pace.pause)
    }
    if (isFull) return this.#ending.size >= this.#line.length ? undefined : 0
    if (this.#starting.size >= Math.min(this.#line.length, this.#pace.together)) return undefined
    const isWithoutWorkers = this.#workers.size === this.#ending.size + this.#starting.size
    const isUnfit = this.#available().length > 0
    if (isWithoutWorkers || isUnfit) return 0
    return Math.max(0, this.#startAt(first.since) - performance.now())
  }

  /** The time at which one more worker is started for a turn, if none becomes free before. */
  #startAt(since: number): number {
    const serving = this.#workers.size - this.#ending.size - this.#starting.size
    if (serving < this.#pace.together) return since + START_AFTER_MILLISECONDS.few
    // While the line moves quickly, a start would only slow down the busy workers.
    const isQuick = this.#flow.isQuick(this.#line.length, serving)
    return START_AFTER_MILLISECONDS.enough + (isQuick ? Math.max(since, this.#flow.freedAt) : since)
  }

  #growNow(): void {
    if (this.#isClosed) return
    if (this.tickets < this.#input.maxProcesses) {
      this.#start()
      this.#planGrowth()
      return
    }
    // No available worker can serve the waiting turn, so the least valuable one is ended to make
    // room.
    const [worker] = byValue(this.#available(), performance.now())
    worker?.close('its place was needed')
  }

  #start(): void {
    let worker: Worker
    try {
      worker = this.#input.start()
    } catch (error) {
      this.#failed(error)
      return
    }
    this.#workers.add(worker)
    this.#starting.add(worker)
    void this.#welcome(worker)
  }

  async #welcome(worker: Worker): Promise<void> {
    const since = performance.now()
    try {
      await worker.started
      this.#flow.started(performance.now() - since)
      this.#starting.delete(worker)
      this.#pace.succeeded()
      // Waiting turns may need one more worker, which was not due during this start.
      this.#planGrowth()
      if (this.#line.length === 0) await worker.warmUp()
    } catch (error) {
      this.#starting.delete(worker)
      this.#failed(error)
    }
  }

  /** Call it when a process could not be started, or ended before it was ready for a turn. */
  #failed(error: unknown): void {
    if (this.#isClosed) return
    this.#pace.failed()
    const isWithoutWorkers = this.#workers.size === this.#ending.size + this.#starting.size
    const isLast = this.#starting.size === 0
    if (isWithoutWorkers && (isTimeout(error) ? isLast : this.#pace.failures > 1))
      this.#line.clear(startFailed(error))
    this.#planGrowth()
  }

  #idleTimeOf({ transcript }: Worker): number {
    const { idleTimeout } = this.#input
    return transcript.isEmpty ? Math.min(EMPTY_IDLE, idleTimeout) : idleTimeout
  }

  /** The last worker stays, and forgets its conversation. */
  #endIdle(worker: Worker): void {
    if (this.#workers.size - this.#ending.size > 1) worker.close('it was idle for long enough')
    else void worker.forget('it was idle for long enough')
  }

  #after(worker: Worker, milliseconds: number, then: () => void): void {
    const timer = setTimeout(then, milliseconds)
    timer.unref()
    this.#timers.set(worker, timer)
  }

  async #removeAtExit(worker: Worker): Promise<void> {
    await worker.exited
    this.#ending.delete(worker)
    this.#workers.delete(worker)
    this.#timers.delete(worker)
    this.#serve()
  }
}

/** A start that timed out used up the time that a turn may wait, so it is not repeated. */
function isTimeout(error: unknown): error is ApiError {
  return error instanceof ApiError && error.type === 'timeout_error'
}

function startFailed(cause: unknown): ApiError {
  // An ApiError, because the engine would repeat the step after a `RuntimeEnded`.
  if (isTimeout(cause)) return new ApiError(cause.type, cause.message, { cause })
  if (cause instanceof ApiError) return cause
  return new ApiError('api_error', 'The Claude Code runtime could not be started.', { cause })
}
