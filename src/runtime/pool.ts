import { ApiError } from '../errors.ts'
import type { Session, SessionState } from './session.ts'

export type PoolLimits = {
  /** Most sessions at a time. */
  maxSessions: number
  /** How much of that idle sessions leave free, for processes that are started ahead. */
  reserve?: () => number
  /** Milliseconds for which an idle session is kept. */
  idleTimeout: number
  /** Milliseconds for which a session waits for the results of its calls. */
  holdTimeout: number
  /** Milliseconds for which a turn waits in line. */
  queueTimeout: number
  /** Most turns that wait in line: each has its whole request in memory. */
  queueLimit: number
}

/** A place in line; leaving it with a reason is leaving it in vain. */
type Place = { leave: (reason?: ApiError) => void }

/**
 * The sessions of a proxy: those at work, and those that wait to be continued, by lineage.
 *
 * A session that waits is handed out once; who comes second with the same lineage gets none. Turns
 * that need a new session wait in line, first come first served, while there is no room. A session
 * takes its room until its process is gone.
 */
export class Pool {
  readonly #limits: PoolLimits
  readonly #sessions = new Set<Session>()
  /** Least recently used first. */
  readonly #waiting = new Map<Session, NodeJS.Timeout>()
  readonly #line: Place[] = []
  /** Room that was given to a turn which has not added its session yet. */
  #promised = 0
  /** Sessions whose processes are about to be gone. */
  #ending = 0
  #isClosed = false

  constructor(limits: PoolLimits) {
    this.#limits = limits
  }

  /** How much of the room is taken. */
  get size(): number {
    return this.#sessions.size + this.#promised
  }

  /** Whether someone waits for a process to be told what to ask. */
  get isUrgent(): boolean {
    return [...this.#sessions].some((session) => session.isUrgent)
  }

  /** How many turns stand in line. */
  get waiting(): number {
    return this.#line.length
  }

  /** How many sessions there are in a state. */
  count(state: SessionState): number {
    return [...this.#sessions].filter((session) => session.state === state).length
  }

  add(session: Session): void {
    this.#promised -= 1
    this.#sessions.add(session)
    // One that was started ahead may have ended just before: it takes no room for good.
    if (session.state === 'closed') void this.#remove(session)
  }

  /** To be told of each change in a session's state. */
  update(session: Session): void {
    switch (session.state) {
      case 'idle':
        this.#keep(session, this.#limits.idleTimeout, 'it was idle for long enough')
        this.#admit()
        return
      case 'held':
        this.#keep(session, this.#limits.holdTimeout, 'no one brought the results of its calls')
        this.#admit()
        return
      case 'closed':
        this.#forget(session)
        void this.#remove(session)
        return
      case 'opening':
      case 'asking':
        return
      default:
        throw new Error(`Unknown state ${String(session.state satisfies never)}.`)
    }
  }

  /** Takes the idle session of a lineage. */
  takeIdle(lineage: string): Session | undefined {
    return this.#take((session) => session.state === 'idle' && session.lineage === lineage)
  }

  /**
   * Takes the held session of a lineage. Where its calls are not exactly these, the client goes on
   * in another way: the session is closed, for no one will come back to it.
   *
   * @param callIds the calls whose answers were brought; none where something else was
   */
  takeHeld(lineage: string, callIds: ReadonlySet<string>): Session | undefined {
    const session = this.#take(({ state, lineage: own }) => state === 'held' && own === lineage)
    const { heldCalls = [] } = session ?? {}
    const fits = heldCalls.length === callIds.size && heldCalls.every((id) => callIds.has(id))
    if (!fits) session?.close('the client went on in another way')
    return fits ? session : undefined
  }

  /**
   * Resolves when there is room for one more session, which must then be added or given back.
   *
   * @throws ApiError `overloaded_error` where there was none in time, the line is full or the pool is
   * closed, and where the client left
   */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw stopping()
    if (signal.aborted) throw clientLeft()
    if (this.#line.length >= this.#limits.queueLimit) throw overloaded('queue_limit')
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => place.leave(clientLeft())
      const timer = setTimeout(
        () => place.leave(overloaded('queue_timeout')),
        this.#limits.queueTimeout,
      )
      const place: Place = {
        leave: (reason) => {
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          const index = this.#line.indexOf(place)
          if (index !== -1) this.#line.splice(index, 1)
          if (reason === undefined) resolve()
          else reject(reason)
        },
      }
      signal.addEventListener('abort', abort)
      this.#line.push(place)
      this.#admit()
    })
  }

  /** Gives back room that is not needed after all. */
  giveBack(): void {
    this.#promised -= 1
    this.#admit()
  }

  /** Ends the sessions that no turn uses and no calls hold. */
  closeIdle(cause: string): void {
    for (const session of this.#waiting.keys()) {
      if (session.state === 'idle') session.close(cause)
    }
  }

  /** Ends all sessions, and the waiting of who stands in line. */
  close(): void {
    this.#isClosed = true
    for (const place of this.#line.splice(0)) place.leave(stopping())
    for (const session of this.#sessions) session.close('the proxy stopped', stopping())
  }

  #keep(session: Session, milliseconds: number, cause: string): void {
    const timer = setTimeout(() => session.close(cause), milliseconds)
    timer.unref()
    this.#waiting.set(session, timer)
  }

  #forget(session: Session): void {
    clearTimeout(this.#waiting.get(session))
    this.#waiting.delete(session)
  }

  #take(fits: (session: Session) => boolean): Session | undefined {
    const session = [...this.#waiting.keys()].findLast(fits)
    if (session) this.#forget(session)
    return session
  }

  async #remove(session: Session): Promise<void> {
    this.#ending += 1
    await session.exited
    this.#ending -= 1
    this.#sessions.delete(session)
    this.#admit()
  }

  #admit(): void {
    while (this.#line.length > 0 && this.size < this.#limits.maxSessions) {
      this.#promised += 1
      this.#line.shift()?.leave()
    }
    // Whoever still stands in line needs a session that waits to end. A held one costs its client a
    // replay then; a turn that waits in vain would fail.
    const waiting = [...this.#waiting.keys()]
    const idleFirst = [
      ...waiting.filter(({ state }) => state === 'idle'),
      ...waiting.filter(({ state }) => state === 'held'),
    ]
    const missing = Math.max(0, this.#line.length - this.#ending)
    for (const session of idleFirst.slice(0, missing)) session.close('its place was needed')
    this.#leaveRoomForSpares()
  }

  #leaveRoomForSpares(): void {
    const { maxSessions, reserve = () => 0 } = this.#limits
    const surplus = this.size - this.#ending - Math.max(1, maxSessions - reserve())
    const idle = [...this.#waiting.keys()].filter(({ state }) => state === 'idle')
    for (const session of idle.slice(0, Math.max(0, surplus)))
      session.close('a spare needed its place')
  }
}

function overloaded(limit: string): ApiError {
  return new ApiError(
    'overloaded_error',
    `All processes of this proxy are busy (${limit}). Try again, or raise max_processes.`,
    { retryAfter: 5 },
  )
}

function clientLeft(): ApiError {
  return new ApiError('api_error', 'The client left.', { status: 499 })
}

function stopping(): ApiError {
  return new ApiError('overloaded_error', 'The proxy is stopping.', { retryAfter: 5 })
}
