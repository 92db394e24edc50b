import type { Turn } from '../plan/turn.ts'
import { Demand } from './demand.ts'
import type { Launcher } from './launcher.ts'
import { Lull } from './lull.ts'
import type { Session } from './session.ts'

export type StockInput = {
  launcher: Launcher
  /** How many spares are kept at least; with 0 nothing is started ahead. */
  spares: number
  /** What a spare is told at once. */
  firstInput: string
  /** The most processes there may be. */
  maxProcesses: number
  /** How many of them sessions take, those included that are being started. */
  taken: () => number
  /** How many there are, not counting those that were told to stop. */
  running: () => number
  /** Whether someone waits for the processor. */
  isUrgent: () => boolean
  /** Starts a session that is of no conversation yet. */
  start: (beginning: Beginning) => Session
}

/** What a conversation begins with, and nothing that was said in it. */
export type Beginning = Pick<Turn, 'origin' | 'model' | 'system' | 'tools' | 'settings'>

/** A session that was initialized ahead of its first turn. */
type Ahead = { origin: string; session: Session; isOpen: Promise<void> }

/** Of how many conversations it is remembered what they began with. */
const REMEMBERED = 16

/**
 * What is ready before it is asked for: spares, which serve any conversation, and one session that
 * was told the system prompt and the tools which most of the last conversations began with.
 */
export class Stock {
  readonly #input: StockInput
  readonly #demand = new Demand()
  readonly #lull: Lull
  /** What the last conversations began with, the latest last. */
  readonly #begun: Beginning[] = []
  #ahead: Ahead | undefined
  #isClosed = false

  constructor(input: StockInput) {
    this.#input = input
    this.#lull = new Lull(() => this.#work(), input.isUrgent)
  }

  /** How many processes should be ready: sessions that wait in idleness leave them this room. */
  get wanted(): number {
    return this.#spares === 0 ? 0 : this.#spares + 1
  }

  /** How many sessions are ready ahead. */
  get aheadCount(): number {
    return this.#ahead === undefined ? 0 : 1
  }

  /** Starts the first spare. */
  begin(): void {
    this.#work()
  }

  /** The session that was opened ahead for such turns, if there is one. */
  async take(turn: Beginning): Promise<Session | undefined> {
    this.#note(turn)
    const ahead = this.#ahead
    if (ahead?.origin !== turn.origin) return undefined
    this.#ahead = undefined
    try {
      await ahead.isOpen
      return ahead.session
    } catch {
      return undefined
    }
  }

  /** To be told of the end of a session; whether it was the one ahead. */
  release(session: Session): boolean {
    if (this.#ahead?.session !== session) return false
    this.#ahead = undefined
    this.refill()
    return true
  }

  /** Ends what there is no room for, and starts what is missing once there is time for it. */
  refill(): void {
    this.#trim()
    if (!this.#isClosed) this.#lull.request()
  }

  /** Ends all that is ready: what is started from now on sees the login as it is now. */
  renew(): void {
    this.#drop()
    this.#input.launcher.trim(0)
    this.refill()
  }

  close(): void {
    this.#isClosed = true
    this.#lull.cancel()
    this.#drop()
  }

  get #spares(): number {
    const { spares, maxProcesses } = this.#input
    if (spares === 0) return 0
    return Math.max(spares, Math.min(this.#demand.size, Math.floor(maxProcesses / 2) - 1))
  }

  get #room(): number {
    return this.#input.maxProcesses - this.#input.taken()
  }

  #note({ origin, model, system, tools, settings }: Beginning): void {
    this.#demand.note()
    this.#begun.push({ origin, model, system, tools, settings })
    if (this.#begun.length > REMEMBERED) this.#begun.shift()
  }

  /** What the next conversation most probably begins with. */
  get #likely(): Beginning | undefined {
    const timesOf = (origin: string): number =>
      this.#begun.filter((begun) => begun.origin === origin).length
    const current = this.#ahead && timesOf(this.#ahead.origin)
    const likely = this.#begun.findLast((begun) =>
      this.#begun.every(({ origin }) => timesOf(begun.origin) >= timesOf(origin)),
    )
    // One that is no likelier is not worth a new process.
    return likely && timesOf(likely.origin) > (current ?? 0) ? likely : undefined
  }

  /** One step, so that two starts never come at once. */
  #work(): void {
    const { launcher } = this.#input
    if (this.#isClosed || this.#spares === 0) return
    if (launcher.pause > 0) {
      setTimeout(() => this.refill(), launcher.pause).unref()
      return
    }
    const likely = this.#likely
    if (likely && launcher.spareCount > 0) {
      this.#drop()
      if (this.#room > 1) this.#openAhead(likely)
    }
    const room = this.#room - (this.#ahead ? 1 : 0)
    if (launcher.spareCount >= Math.min(this.#spares, room)) return
    launcher.startSpare(this.#input.firstInput)
    this.#lull.request()
  }

  #openAhead(beginning: Beginning): void {
    const session = this.#input.start(beginning)
    const isOpen = session.openAhead(beginning.settings, beginning.model)
    isOpen.catch(() => {})
    this.#ahead = { origin: beginning.origin, session, isOpen }
  }

  /** Sessions come first: what is ready makes place for them. */
  #trim(): void {
    const { launcher, maxProcesses, running } = this.#input
    launcher.trim(launcher.spareCount - Math.max(0, running() - maxProcesses))
    if (running() > maxProcesses) this.#drop()
  }

  #drop(): void {
    const ahead = this.#ahead
    this.#ahead = undefined
    ahead?.session.close('nothing needed it')
  }
}
