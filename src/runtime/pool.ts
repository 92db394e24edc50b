import { ApiError } from '../errors.ts'
import type { Session } from './session.ts'

export type PoolLimits = {
  /** Most sessions at a time. */
  maxSessions: number
  /** Milliseconds for which an idle session is kept. */
  idleTimeout: number
  /** Milliseconds for which a session waits for the results of its calls. */
  holdTimeout: number
  /** Milliseconds for which a turn waits in line. */
  queueTimeout: number
}

/**
 * The sessions of a proxy: those at work, and those that wait to be continued, by lineage.
 *
 * A session that waits is handed out once; who comes second with the same lineage gets none. Turns
 * that need a new session wait in line, first come first served, while there is no room.
 */
export class Pool {
  readonly #limits: PoolLimits
  readonly #sessions = new Set<Session>()
  /** Least recently used first. */
  readonly #waiting = new Map<Session, NodeJS.Timeout>()
  readonly #line: { admit: () => void }[] = []
  /** Room that was given to a turn which has not added its session yet. */
  #promised = 0

  constructor(limits: PoolLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#sessions.size
  }

  add(session: Session): void {
    this.#promised -= 1
    this.#sessions.add(session)
  }

  /** To be told of each change in a session's state. */
  update(session: Session): void {
    switch (session.state) {
      case 'idle':
        this.#keep(session, this.#limits.idleTimeout, 'it was idle for long enough')
        break
      case 'held':
        this.#keep(session, this.#limits.holdTimeout, 'no one brought the results of its calls')
        break
      case 'closed':
        this.#forget(session)
        this.#sessions.delete(session)
        break
      case 'opening':
      case 'asking':
        return
      default:
        throw new Error(`Unknown state ${String(session.state satisfies never)}.`)
    }
    this.#admitNext()
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
   * @throws ApiError `overloaded_error` where there was none in time
   * @throws ApiError where the client left
   */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#line.length === 0 && this.#makeRoom()) return
    await new Promise<void>((resolve, reject) => {
      const leave = (reason?: Error): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        const index = this.#line.indexOf(place)
        if (index !== -1) this.#line.splice(index, 1)
        if (reason === undefined) resolve()
        else reject(reason)
      }
      const abort = (): void => leave(clientLeft())
      const timer = setTimeout(() => leave(overloaded()), this.#limits.queueTimeout)
      const place = { admit: () => leave() }
      signal.addEventListener('abort', abort)
      this.#line.push(place)
    })
  }

  /** Gives back room that is not needed after all. */
  giveBack(): void {
    this.#promised -= 1
    this.#admitNext()
  }

  close(): void {
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

  #makeRoom(): boolean {
    if (this.#sessions.size + this.#promised >= this.#limits.maxSessions) {
      // A held session that has to go costs its client a replay; a turn that waits in vain fails.
      const waiting = [...this.#waiting.keys()]
      const oldest = waiting.find((session) => session.state === 'idle') ?? waiting[0]
      if (oldest === undefined) return false
      oldest.close('its place was needed')
    }
    this.#promised += 1
    return true
  }

  #admitNext(): void {
    while (this.#line.length > 0 && this.#makeRoom()) this.#line.shift()?.admit()
  }
}

function overloaded(): ApiError {
  return new ApiError(
    'overloaded_error',
    'All processes of this proxy are busy. Try again, or raise max_processes.',
    { retryAfter: 5 },
  )
}

function clientLeft(): ApiError {
  return new ApiError('api_error', 'The client left.', { status: 499 })
}

function stopping(): ApiError {
  return new ApiError('overloaded_error', 'The proxy is stopping.', { retryAfter: 5 })
}
