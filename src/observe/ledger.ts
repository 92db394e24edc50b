import { type RateLimits, stillHolding } from '../api/rate-limits.ts'
import { addTotals, chargedTokens, noTotals, type Totals, totalsOf } from './totals.ts'
import type { TurnRecord } from './turn-record.ts'
import { addDays, type Days, type UsageKeeper } from './usage-file.ts'

export type LedgerInput = {
  /** The file that keeps the counts over restarts; without one they are lost. */
  keeper?: UsageKeeper | undefined
  /** Told once of numbers that can't be read or written. */
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

/** How long counts may stay unsaved. */
const SAVE_AFTER_MILLISECONDS = 5000

/** The same where others count on them, and for how long theirs are believed. */
const SHARED_MILLISECONDS = 1000

/** For how long numbers that could not be read are done without. */
const AWAY_MILLISECONDS = 10_000

/** Counts turns and tokens, in memory and where they are kept, and knows the plan as it was last told. */
export class Ledger {
  readonly #input: LedgerInput
  readonly #now: () => number
  readonly #startedAt: number
  #sinceStart = noTotals()
  /** What was kept when it was last read or written. */
  #saved: Days = {}
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  #unsaved: Days = {}
  /** The counts that are being saved. */
  #underWay: Days = {}
  #timer: NodeJS.Timeout | undefined
  /** The saves, and what is read between them, one after the other. */
  #saving: Promise<void> = Promise.resolve()
  #hadProblem = false
  /** `at` is in Unix seconds. */
  #limits: { told: RateLimits; at: number } | undefined

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
    // It may take long to fail: whoever counts on it is not kept waiting again at once.
    if (this.#readAt === before) this.#readAt = this.#now() + AWAY_MILLISECONDS
  }

  /** Reads what other servers have counted since, where they share it. */
  async refresh(): Promise<void> {
    if (this.#input.keeper?.isShared !== true) return
    if (this.#reading === undefined && this.#now() - this.#readAt < SHARED_MILLISECONDS) return
    this.#reading ??= this.#readAgain().finally(() => (this.#reading = undefined))
    await this.#reading
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

  /** The plan's windows as far as they still run; none without a subscription. */
  get limits(): RateLimits | undefined {
    if (this.#limits === undefined) return undefined
    return stillHolding(this.#limits.told, this.#limits.at, this.#now() / 1000)
  }

  /** The new state. With a refusal the runtime does not report the windows: they stay as they were. */
  noteLimits(limits: RateLimits): void {
    const windows = { ...this.limits?.windows, ...limits.windows }
    this.#limits = { told: { ...limits, windows }, at: this.#now() / 1000 }
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

  /** The totals of this day. */
  today(): Totals {
    const date = dateOf(this.#now())
    return this.#days[date] ?? noTotals()
  }

  /** The tokens that a key was charged for on this day. */
  async tokensToday(name: string): Promise<number> {
    await this.refresh()
    const date = dateOf(this.#now())
    const parts = [this.#saved, this.#underWay, this.#unsaved].map((days) => days[date])
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
    this.#underWay = unsaved
    await this.#orTell(async (keeper) => {
      try {
        this.#saved = await keeper.add(unsaved)
      } catch (error) {
        this.#unsaved = addDays(unsaved, this.#unsaved)
        throw error
      } finally {
        this.#underWay = {}
      }
    })
  }

  /** All that is known of the days, saved or not. */
  get #days(): Days {
    return addDays(addDays(this.#saved, this.#underWay), this.#unsaved)
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

/** The day in local time: people read it. */
function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds)
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  return parts.map((part) => String(part).padStart(2, '0')).join('-')
}
