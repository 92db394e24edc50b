import type { RateLimits } from '../api/rate-limits.ts'
import type { BatchProgress } from './batch-progress.ts'
import { Broadcast } from './broadcast.ts'
import { Ledger, type UsageReport } from './ledger.ts'
import { LoadHistory } from './load-history.ts'
import type { Log } from './log-tail.ts'
import { createMetrics, type Metrics, type MetricsInput } from './metrics.ts'
import { ModelNames } from './model-names.ts'
import {
  type Overview,
  overviewFor,
  planReport,
  type PlanReport,
  stateOf,
  turnSummary,
  type Viewer,
} from './overview.ts'
import { Telemetry } from './telemetry.ts'
import type { TraceContext } from './trace-context.ts'
import { logTurn } from './turn-log.ts'
import type { TurnRecord } from './turn-record.ts'
import type { UsageKeeper } from './usage-file.ts'

export type ObservatoryInput = Pick<MetricsInput, 'version' | 'census' | 'inFlight'> & {
  log: Log
  /** The folder that keeps the usage over restarts; without it, usage is lost. */
  keeper: UsageKeeper | undefined
  /** The share of a plan window at which requests are refused, for the page. */
  guard: number | undefined
  /** The service behind the runtime, for `gen_ai.provider.name`. */
  provider: string
  /** Whether the login has a model. */
  isListed: (model: string) => boolean
  login: () => Promise<Overview['login']>
  batches: () => BatchProgress[]
  /** Aliases of models, each with the full name. */
  aliases: () => Overview['model_aliases']
  /** The addresses for other devices, once the proxy listens. */
  networkAddresses: () => readonly string[]
}

/** Number of turns on the page. */
const SHOWN_TURNS = 60

/** Receives each event of a proxy once, and passes it to log, counts, metrics, traces and page. */
export class Observatory {
  readonly #input: ObservatoryInput
  readonly #ledger: Ledger
  readonly #metrics: Metrics
  readonly #names: ModelNames
  readonly #telemetry: Telemetry
  readonly #load = new LoadHistory(Date.now)
  readonly #broadcast = new Broadcast(() => this.#overview())
  /** The latest first. */
  #turns: TurnRecord[] = []

  constructor(input: ObservatoryInput) {
    this.#input = input
    this.#names = new ModelNames(input.isListed)
    this.#telemetry = new Telemetry(input.provider)
    this.#ledger = new Ledger({
      keeper: input.keeper,
      onProblem: (error) => input.log.warn({ err: error }, 'usage is not kept'),
    })
    this.#metrics = createMetrics({ ...input, limits: () => this.#ledger.limits })
  }

  /** The plan windows that have not been reset yet. */
  get limits(): RateLimits | undefined {
    return this.#ledger.limits
  }

  /** Reads the counts of earlier processes. */
  load(): Promise<void> {
    return this.#ledger.load()
  }

  /** @param parent the trace of the client's request */
  turnEnded(turn: TurnRecord, parent?: TraceContext): void {
    logTurn(this.#input.log, turn)
    const model = this.#names.nameOf(turn)
    this.#ledger.add(turn, model)
    this.#metrics.turnEnded(turn, model)
    this.#telemetry.turnEnded(turn, model, parent)
    this.#turns = [turn, ...this.#turns].slice(0, SHOWN_TURNS)
    this.changed()
  }

  turnWaited(milliseconds: number): void {
    this.#metrics.turnWaited(milliseconds)
    this.#load.waited(milliseconds)
  }

  processStarted(): void {
    this.#metrics.processStarted()
    this.changed()
  }

  processEnded(stopRequested: boolean): void {
    this.#metrics.processEnded(stopRequested)
    this.changed()
  }

  rateLimitsKnown(limits: RateLimits): void {
    this.#ledger.noteLimits(limits)
    this.changed()
  }

  loginChanged(): void {
    this.#ledger.forgetLimits()
    this.changed()
  }

  /** Call when a value of the overview has changed. */
  changed(): void {
    const { census, inFlight } = this.#input
    this.#load.changed({ inFlight: inFlight(), waiting: census().waiting })
    this.#broadcast.changed()
  }

  /** For `GET /v1/usage`. */
  async usage(): Promise<UsageReport & { plan: PlanReport | null }> {
    await this.#ledger.refresh()
    return { ...this.#ledger.report(), plan: planReport(this.limits, this.#input.guard) }
  }

  /** For `GET /metrics`. */
  metrics(): Promise<{ text: string; contentType: string }> {
    return this.#metrics.render()
  }

  /** The tokens charged to a key today, by the name of the key. */
  tokensToday(name: string): Promise<number> {
    return this.#ledger.tokensToday(name)
  }

  /**
   * The data of the page, now and after each change.
   *
   * @param viewer called for each of them; an error ends the iteration
   */
  watch(viewer: () => Promise<Viewer>): AsyncIterableIterator<Overview, void> {
    return this.#broadcast.watch(async (overview) => overviewFor(await viewer(), overview))
  }

  /** Ends the streams of readers and saves the unsaved counts. */
  async close(): Promise<void> {
    this.#broadcast.close()
    await Promise.all([this.#ledger.close(), this.#telemetry.flush()])
  }

  async #overview(): Promise<Overview> {
    const { version, guard, census, inFlight, login, batches, aliases, networkAddresses } =
      this.#input
    await this.#ledger.refresh()
    const { processes, limit, waiting } = census()
    const { started_at, since_start } = this.#ledger.report()
    const facts = { login: await login(), plan: planReport(this.limits, guard), waiting }
    return {
      type: 'overview',
      state: stateOf(facts, this.#turns),
      version,
      started_at,
      ...facts,
      processes,
      max_processes: limit,
      in_flight: inFlight(),
      load: this.#load.report(),
      network_addresses: networkAddresses(),
      model_aliases: aliases(),
      usage: { since_start, today: this.#ledger.today() },
      batches: batches(),
      turns: this.#turns.map(turnSummary),
    }
  }
}
