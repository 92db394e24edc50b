import { setTimeout } from 'node:timers/promises'

import type { NamedModel } from '../api/model.ts'
import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'
import type { ModelFacts } from '../plan/plan-turn.ts'
import type { Opening, Turn } from '../plan/turn.ts'
import type { Reply } from '../stream/reply.ts'
import { stopping } from '../refusals.ts'
import { Capacity, type CapacityLimits } from './capacity/capacity.ts'
import type { Priority } from './capacity/line.ts'
import { Regrets } from './capacity/regrets.ts'
import { type Choice, chooseWorker, type Lane } from './lanes.ts'
import { type Account, readAccount } from './login/account.ts'
import type { Carrier } from './login/carrier.ts'
import { catalogOf } from './login/catalog.ts'
import { ModelList } from './login/model-list.ts'
import { Launcher, type ProcessObserver } from './process/launcher.ts'
import { PLAIN, TokenCounter } from './token-counter.ts'
import { type BlueprintInput, conversationKind, runKind, wholeKind } from './worker/blueprint.ts'
import type { ContextCount } from './worker/context-count.ts'
import { RuntimeEnded } from './worker/failures.ts'
import type { Stage } from './worker/stage.ts'
import {
  type Receiver,
  Worker,
  type WorkerDependencies,
  type WorkerEvent,
} from './worker/worker.ts'

export type { Lane } from './lanes.ts'

/** A reply that is on its way, and the process that gives it. */
export type Served = { lane: Lane; worker?: number | undefined; reply: Reply }

export type EngineInput = BlueprintInput &
  CapacityLimits & {
    version: string
    /** Whether conversations go whole, in the body of each request, or turn by turn. */
    carrier: Carrier['kind']
    startTimeout: number
    nextEventTimeout: number
    /** Where Claude Code's own tools may work; without one there are no runs. */
    toolsFolder?: string | undefined
    /** Called with what happens to workers beside their turns, for the log. */
    onWorkerEvent?: (event: WorkerEvent, cause: string) => void
    observer: EngineObserver
  }

/** Receives events. All times are in milliseconds. */
export type EngineObserver = ProcessObserver & {
  /** A turn got its worker after it waited for this long. */
  turnWaited: (milliseconds: number) => void
  rateLimitsKnown: (limits: RateLimits) => void
  /** Workers came, went or changed their stage. */
  workersChanged: () => void
  /** The login has changed. */
  loginChanged: () => void
}

/** What the workers do, by groups of their stages. */
export const WORKER_STATES = ['starting', 'opening', 'asking', 'idle', 'held'] as const

export type WorkerState = (typeof WORKER_STATES)[number]

/** The processes as they are now. */
export type EngineCensus = {
  processes: Readonly<Record<WorkerState, number>>
  /** Their maximum number. */
  limit: number
  /** Turns that wait for a worker. */
  waiting: number
}

/** Serves turns by workers, and owns all processes of the runtime. */
export class Engine {
  readonly #models = new ModelList({
    list: () => this.#listModels(),
    identify: (patience) => this.#readAccount(patience),
    onChange: () => {
      this.#capacity.renew('another login')
      this.#observer.loginChanged()
    },
  })
  readonly #counter = new TokenCounter((opening, signal) => this.#measure(opening, signal))
  readonly #launcher: Launcher
  readonly #observer: EngineObserver
  readonly #capacity: Capacity<Worker>
  readonly #regrets = new Regrets()
  readonly #limit: number
  readonly #runs: WorkerDependencies | undefined
  readonly #running = new Set<Worker>()

  constructor(input: EngineInput) {
    this.#observer = input.observer
    this.#limit = input.maxProcesses
    this.#launcher = new Launcher(input.observer)
    const dependencies: WorkerDependencies = {
      launcher: this.#launcher,
      kind: input.carrier === 'whole' ? wholeKind(input) : conversationKind(input),
      version: input.version,
      startTimeout: input.startTimeout,
      nextEventTimeout: input.nextEventTimeout,
      onStage: (worker) => {
        if (!this.#running.has(worker)) this.#capacity.changed(worker)
        this.#observer.workersChanged()
      },
      onEvent: (event, cause) => input.onWorkerEvent?.(event, cause),
      onRateLimits: (limits) => this.#observer.rateLimitsKnown(limits),
      onLoginFailure: () => this.#capacity.renew('the login failed'),
    }
    this.#capacity = new Capacity({ ...input, start: () => new Worker(dependencies) })
    if (input.toolsFolder !== undefined) {
      this.#runs = { ...dependencies, kind: runKind(input, input.toolsFolder) }
    }
  }

  /**
   * Starts the first worker to see that one can be, and learns what it knows.
   *
   * @throws Error if the runtime can't be started
   */
  async start(): Promise<void> {
    try {
      await this.#models.load()
    } catch (cause) {
      const { command = 'the runtime' } = this.#launcher.launch ?? {}
      throw new Error(`${command} could not be started as Claude Code: ${reasonOf(cause)}`, {
        cause,
      })
    }
  }

  /** What the runtime's list says of a model; one that is not listed is taken as it is. */
  describeModel(name: string): ModelFacts {
    const { listed: models } = this.#models
    const listed =
      models.find(({ value }) => value === name) ??
      models.find(({ resolvedModel }) => resolvedModel === name)
    return {
      id: listed?.resolvedModel ?? name,
      alwaysThinks: listed?.supportsThinkingOff === false,
      takesEffort: listed?.supportsEffort === true,
      takesAdaptiveThinking: listed?.supportsAdaptiveThinking === true,
    }
  }

  /** Whether the runtime lists a model, by its id or by what it calls it for short. */
  isListed(name: string): boolean {
    return this.#models.listed.some(
      ({ value, resolvedModel }) => value === name || resolvedModel === name,
    )
  }

  /** What the processes do now. */
  census(): EngineCensus {
    const processes = { starting: 0, opening: 0, asking: 0, idle: 0, held: 0 }
    for (const { stage } of [...this.#capacity.workers, ...this.#running]) {
      const state = stateOf(stage)
      if (state) processes[state] += 1
    }
    return { processes, limit: this.#limit, waiting: this.#capacity.waiting }
  }

  /** The models of the login, as the runtime lists them; asked anew if the login is another. */
  async models(): Promise<readonly NamedModel[]> {
    return catalogOf(await this.#models.fresh())
  }

  /** Who the runtime is logged in as, asked anew. Never rejects: what went wrong is its `problem`. */
  account(): Promise<Account> {
    return this.#models.ask()
  }

  /** The login as last seen, some minutes ago at most. */
  knownAccount(): Promise<Account> {
    return this.#models.login()
  }

  /** Call it if the login may have changed. */
  doubtLogin(): void {
    this.#models.doubt()
  }

  /**
   * Counts the tokens of a conversation. Nothing of it is billed.
   *
   * @throws ApiError if the API did not count, or no worker could be had in time
   */
  async countTokens(opening: Omit<Opening, 'settings'>, signal: AbortSignal): Promise<number> {
    return this.#counter.count({ ...opening, settings: PLAIN }, signal)
  }

  /**
   * Finds the worker that can serve a turn at the least cost, and asks.
   *
   * @param signal aborts while the turn waits for a worker; after that, leaving the reply ends it
   * @throws ApiError if no worker could be had in time, or it failed
   */
  async serve(turn: Turn, signal: AbortSignal, priority: Priority): Promise<Served> {
    return this.#serve(turn, signal, priority, {
      askAgain: (other, reply) => void this.#serveAgain(other, signal, priority, reply),
    })
  }

  /** Asks for a reply that another worker was refused. It gets the error if that fails as well. */
  async #serveAgain(
    turn: Turn,
    signal: AbortSignal,
    priority: Priority,
    reply: Reply,
  ): Promise<void> {
    try {
      await this.#serve(turn, signal, priority, { reply })
    } catch (error) {
      reply.end(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #serve(turn: Turn, signal: AbortSignal, priority: Priority, receiver: Receiver): Promise<Served> {
    return retryOnceIfEnded(() => {
      const since = performance.now()
      return this.#capacity.withWorker(
        (available) => {
          const choice = chooseWorker(turn, available, performance.now())
          if (choice === undefined) return undefined
          this.#observer.turnWaited(performance.now() - since)
          return this.#use(choice, turn, signal, receiver)
        },
        signal,
        priority,
      )
    })
  }

  /**
   * Lets Claude Code work on a turn with its own tools; the reply is one message of all it says.
   *
   * @throws ApiError as `serve` does
   */
  async run(turn: Turn, signal: AbortSignal, priority: Priority): Promise<Served> {
    if (turn.prompt.length === 0) {
      throw new ApiError(
        'invalid_request_error',
        'messages: with tools_enabled the conversation must end with a user message.',
      )
    }
    return retryOnceIfEnded(() => this.#run(turn, signal, priority))
  }

  /** Ends all processes. Replies in flight end with an error. */
  async close(): Promise<void> {
    this.#capacity.close(stopping())
    for (const worker of this.#running) worker.close('the proxy stopped', stopping())
    await this.#launcher.close()
  }

  async #use(
    choice: Choice<Worker>,
    turn: Turn,
    signal: AbortSignal,
    receiver: Receiver,
  ): Promise<Served> {
    const { lane, worker } = choice
    if (lane === 'open' && this.#regrets.note(turn, worker, performance.now())) {
      this.#capacity.grow()
    }
    const reply = await (choice.lane === 'resolve'
      ? worker.resolve(turn, choice.answers, signal, receiver)
      : worker.ask(turn, choice.way, signal, receiver))
    return { lane, worker: worker.pid, reply }
  }

  async #run(turn: Turn, signal: AbortSignal, priority: Priority): Promise<Served> {
    if (this.#runs === undefined) throw new Error('There is no folder for the tools to work in.')
    const giveBack = await this.#capacity.ticket(signal, priority)
    let worker: Worker | undefined
    try {
      worker = new Worker(this.#runs, turn.system)
      this.#running.add(worker)
      await worker.started
      const reply = await worker.ask(turn, { kind: 'open' }, signal)
      return { lane: 'run', worker: worker.pid, reply }
    } catch (error) {
      worker?.close('the run failed')
      throw error
    } finally {
      void this.#endRun(worker, giveBack)
    }
  }

  /** A run has its ticket until its process is gone. */
  async #endRun(worker: Worker | undefined, giveBack: () => void): Promise<void> {
    await worker?.exited
    if (worker) this.#running.delete(worker)
    giveBack()
  }

  /** Any worker has the list: workers of an earlier login have been replaced. */
  #listModels(): Worker['started'] {
    return this.#capacity.withWorker(([worker]) => worker?.started, neverAborted)
  }

  async #readAccount(patience: number): Promise<Account> {
    const { launch } = this.#launcher
    if (launch === undefined) throw new Error('The runtime was not started yet.')
    return readAccount(launch, patience)
  }

  #measure(opening: Opening, signal: AbortSignal): Promise<ContextCount> {
    return retryOnceIfEnded(() =>
      this.#capacity.withWorker((available) => {
        const worker = available.find(({ isCounter }) => isCounter)
        const other = available.find(({ canCount }) => canCount)
        return (worker ?? other)?.count(opening, signal)
      }, signal),
    )
  }
}

const neverAborted = new AbortController().signal

/** What ended one process may have ended others: after this the exits of all are known. Milliseconds. */
const NOTICE = 100

/** Runs a step that needs a process, and repeats it once if the process ends during it. */
async function retryOnceIfEnded<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof RuntimeEnded)) throw error
    await setTimeout(NOTICE)
    return step()
  }
}

function stateOf(stage: Stage): WorkerState | undefined {
  switch (stage) {
    case 'starting':
    case 'opening':
    case 'asking':
    case 'held':
      return stage
    case 'ready':
    case 'settling':
    case 'recovering':
      return 'idle'
    case 'ended':
      return undefined
    default:
      throw new Error(`Unknown stage ${String(stage satisfies never)}.`)
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
