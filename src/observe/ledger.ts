import { type RateLimits, withoutEndedWindows } from '../api/rate-limits.ts'
import { within } from '../within.ts'
import { addTotals, chargedTokens, noTotals, type Totals, totalsOf } from './totals.ts'
import type { TurnRecord } from './turn-record.ts'
import { addDays, type Days, type UsageKeeper } from './usage-file.ts'

export type LedgerInput = {
  /** The place that keeps the counts over restarts; without it, they are lost. */
  keeper?: UsageKeeper | undefined
  /** Called once if the counts can't be read or written. */
  onProblem: (error: unknown) => void
  /** Milliseconds since the epoch. */
  now?: () => number
}

export type UsageReport = {
  /** ISO 8601. */
  started_at: string
  since_start: Totals
  /** Oldest first, today last; days without requests are left out. */
  days: (Totals & { date: string })[]
}

/** How long counts may stay unsaved, in milliseconds. */
const SAVE_AFTER_MILLISECONDS = 5000

/** The same for shared counts; the counts of other servers are read again after the same time. */
const SHARED_MILLISECONDS = 1000

/** How long a request waits for the counts of other servers. */
const PATIENCE_MILLISECONDS = 2000

/** The pause after the counts could not be read, in milliseconds. */
const AWAY_MILLISECONDS = 10_000

/**
 * Counts turns and tokens, in memory and in their permanent place, and keeps the latest state of
 * the plan.
 */
export class Ledger {
  readonly #input: LedgerInput
  readonly #now: () => number
  readonly #startedAt: number
  #sinceStart = noTotals()
  /** The kept counts, as of the last read or write. */
  #saved: Days = {}
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  #unsaved: Days = {}
  /** The counts that are being saved. */
  #beingSaved: Days = {}
  #timer: NodeJS.Timeout | undefined
  /** Saves and reads, one after the other. */
  #saving: Promise<void> = Promise.resolve()
  #hadProblem = false
  /** `at` is in Unix seconds. */
  #limits: { state: RateLimits; at: number } | undefined

  constructor(input: LedgerInput) {
    this.#input = input
    this.#now = input.now ?? Date.now
    this.#startedAt = this.#now()
  }

  /** Reads the counts of earlier processes. */
  async load(): Promise<void> {
    await this.#orTell(async (keeper) => {
      this.#saved = await keeper.read()
      this.#readAt = this.#now()
    })
  }

  async #readAgain(): Promise<void> {
    const before = this.#readAt
    this.#saving = this.#saving.then(() => this.load())
    await this.#saving
    if (this.#readAt === before) this.#pauseReading()
  }

  /** Reads the new counts of other servers, if they share the place. */
  async refresh(): Promise<void> {
    if (this.#input.keeper?.isShared !== true) return
    const age = this.#now() - this.#readAt
    // A time far in the future is from before the clock was put back.
    if (age < SHARED_MILLISECONDS && age >= -AWAY_MILLISECONDS) return
    this.#reading ??= this.#readAgain().finally(() => (this.#reading = undefined))
    if (!(await within(PATIENCE_MILLISECONDS, this.#reading))) this.#pauseReading()
  }

  /** The next callers do not wait for another attempt at once. */
  #pauseReading(): void {
    this.#readAt = this.#now() + AWAY_MILLISECONDS
  }

  /** @param model the name that the turn is counted under */
  add(turn: TurnRecord, model: string): void {
    const totals = totalsOf(turn, model)
    this.#sinceStart = addTotals(this.#sinceStart, totals)
    this.#unsaved = addDays(this.#unsaved, { [dateOf(this.#now())]: totals })
    if (this.#input.keeper === undefined) return
    const wait = this.#input.keeper.isShared ? SHARED_MILLISECONDS : SAVE_AFTER_MILLISECONDS
    this.#timer ??= setTimeout(() => void this.#save(), wait).unref()
  }

  /** The plan windows that have not been reset yet; none without a subscription. */
  get limits(): RateLimits | undefined {
    if (this.#limits === undefined) return undefined
    return withoutEndedWindows(this.#limits.state, this.#limits.at, this.#now() / 1000)
  }

  /**
   * Takes the new state. With a refusal the runtime does not report the windows, so the earlier
   * ones stay.
   */
  noteLimits(limits: RateLimits): void {
    const windows = { ...this.limits?.windows, ...limits.windows }
    this.#limits = { state: { ...limits, windows }, at: this.#now() / 1000 }
  }

  /** Drops the plan: its state belongs to another login. */
  forgetLimits(): void {
    this.#limits = undefined
  }

  report(): UsageReport {
    return {
      started_at: new Date(this.#startedAt).toISOString(),
      since_start: this.#sinceStart,
      days: Object.entries(this.#days).map(([date, totals]) => ({
        date,
        ...totals,
      })),
    }
  }

  /** Today's totals. */
  today(): Totals {
    const date = dateOf(this.#now())
    return this.#days[date] ?? noTotals()
  }

  /** The tokens charged to a key today. */
  async tokensToday(name: string): Promise<number> {
    await this.refresh()
    const date = dateOf(this.#now())
    const parts = [this.#saved, this.#beingSaved, this.#unsaved].map((days) => days[date])
    return parts.reduce((sum, day) => sum + (day ? chargedTokens(day, name) : 0), 0)
  }

  /** Saves the unsaved counts. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#save()
  }

  /** Saves the unsaved counts once earlier saves are done. */
  #save(): Promise<void> {
    this.#timer = undefined
    this.#saving = this.#saving.then(() => this.#saveNow())
    return this.#saving
  }

  async #saveNow(): Promise<void> {
    const unsaved = this.#unsaved
    if (Object.keys(unsaved).length === 0) return
    this.#unsaved = {}
    this.#beingSaved = unsaved
    await this.#orTell(async (keeper) => {
      try {
        this.#saved = await keeper.add(unsaved)
      } catch (error) {
        this.#unsaved = addDays(unsaved, this.#unsaved)
        throw error
      } finally {
        this.#beingSaved = {}
      }
    })
  }

  /** All counts by day, saved or not. */
  get #days(): Days {
    return addDays(addDays(this.#saved, this.#beingSaved), this.#unsaved)
  }

  async #orTell(step: (keeper: UsageKeeper) => Promise<void>): Promise<void> {
    const { keeper, onProblem } = this.#input
    if (keeper === undefined) return
    try {
      await step(keeper)
    } catch (error) {
      if (!this.#hadProblem) onProblem(error)
      this.#hadProblem = true
    }
  }
}

/** The day in local time, because people read it. */
function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds)
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return parts.map((part) => String(part).padStart(2, '0')).join('-')
}
