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
import { type Choice, chooseCounter, chooseWorker, type Lane } from './lanes.ts'
import { type Account, readAccount } from './login/account.ts'
import type { Carrier } from './login/carrier.ts'
import { catalogOf } from './login/catalog.ts'
import { ModelList } from './login/model-list.ts'
import { Launcher, type ProcessObserver } from './process/launcher.ts'
import { TokenCounter } from './token-counter.ts'
import { AnsweredModels } from './worker/answered-models.ts'
import { type BlueprintInput, conversationKind, runKind, wholeKind } from './worker/blueprint.ts'
import type { ContextCount } from './worker/context-count.ts'
import { RuntimeEnded } from './worker/failures.ts'
import type { Receiver } from './worker/flight.ts'
import { PLAIN_SETTINGS } from './worker/settings.ts'
import type { Stage } from './worker/stage.ts'
import { Worker, type WorkerDependencies, type WorkerEvent } from './worker/worker.ts'

export type { Lane } from './lanes.ts'

/** A reply in progress, and the process that gives it. */
export type Served = { lane: Lane; worker?: number | undefined; reply: Reply }

export type EngineInput = BlueprintInput &
  CapacityLimits & {
    version: string
    /** How conversations get to the API: whole, or message by message. */
    carrier: Carrier['kind']
    startTimeout: number
    nextEventTimeout: number
    /** The folder in which Claude Code's own tools may work; without it there are no runs. */
    toolsFolder?: string | undefined
    /** Reports events of workers that are not part of a turn, for the log. */
    onWorkerEvent?: (event: WorkerEvent, cause: string) => void
    observer: EngineObserver
  }

/** Receives events. All times are in milliseconds. */
export type EngineObserver = ProcessObserver & {
  /** A turn got its worker after waiting for this long. */
  turnWaited: (milliseconds: number) => void
  rateLimitsKnown: (limits: RateLimits) => void
  /** A worker was added, was removed or changed its stage, or a turn has to wait for one. */
  censusChanged: () => void
  /** The login has changed. */
  loginChanged: () => void
}

/** How many workers are in which group of stages. */
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
      models: new AnsweredModels(),
      startTimeout: input.startTimeout,
      nextEventTimeout: input.nextEventTimeout,
      onStage: (worker) => {
        if (!this.#running.has(worker)) this.#capacity.changed(worker)
        this.#observer.censusChanged()
      },
      onEvent: (event, cause) => input.onWorkerEvent?.(event, cause),
      onRateLimits: (limits) => this.#observer.rateLimitsKnown(limits),
      onLoginFailure: () => this.#capacity.renew('the login failed'),
    }
    this.#capacity = new Capacity({
      ...input,
      start: () => new Worker(dependencies),
      onLine: () => this.#observer.censusChanged(),
    })
    if (input.toolsFolder !== undefined) {
      this.#runs = { ...dependencies, kind: runKind(input, input.toolsFolder) }
    }
  }

  /**
   * Starts the first worker, to check that the runtime can be started and to learn its models.
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

  /** The properties of a model in the runtime's list; a model that is not listed keeps its name. */
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

  /** Whether the runtime lists a model, by its id or its short name. */
  isListed(name: string): boolean {
    return this.#models.listed.some(
      ({ value, resolvedModel }) => value === name || resolvedModel === name,
    )
  }

  /** The present state of the processes. */
  census(): EngineCensus {
    const processes = { starting: 0, opening: 0, asking: 0, idle: 0, held: 0 }
    for (const { stage } of [...this.#capacity.workers, ...this.#running]) {
      const state = stateOf(stage)
      if (state) processes[state] += 1
    }
    return { processes, limit: this.#limit, waiting: this.#capacity.waiting }
  }

  /** The models of the login, from the runtime's list; asked again if the login has changed. */
  async models(): Promise<readonly NamedModel[]> {
    return catalogOf(await this.#models.upToDate())
  }

  /** The runtime's login, asked again now. Never rejects: an error becomes its `problem`. */
  account(): Promise<Account> {
    return this.#models.ask()
  }

  /** The login, as seen at most some minutes ago. */
  knownAccount(): Promise<Account> {
    return this.#models.login()
  }

  /** Call it if the login may have changed. */
  doubtLogin(): void {
    this.#models.doubt()
  }

  /**
   * Counts the tokens of a conversation, which is not billed.
   *
   * @throws ApiError if the API did not count, or no worker was free in time
   */
  async countTokens(opening: Omit<Opening, 'settings'>, signal: AbortSignal): Promise<number> {
    return this.#counter.count({ ...opening, settings: PLAIN_SETTINGS }, signal)
  }

  /**
   * Finds the worker that can serve a turn at the lowest cost, and sends the request.
   *
   * @param signal aborts the wait for a worker; later, leaving the reply ends the request
   * @throws ApiError if no worker was free in time, or the worker failed
   */
  async serve(turn: Turn, signal: AbortSignal, priority: Priority): Promise<Served> {
    return this.#serve(turn, signal, priority, this.#receiver(signal, priority, 0))
  }

  #receiver(signal: AbortSignal, priority: Priority, asked: number, reply?: Reply): Receiver {
    return {
      ...(reply && { reply }),
      asked,
      askAgain: (turn, again) => void this.#serveAgain(turn, signal, priority, asked + 1, again),
    }
  }

  /** Asks for a reply that another worker was refused. It gets the error if that fails as well. */
  async #serveAgain(
    turn: Turn,
    signal: AbortSignal,
    priority: Priority,
    asked: number,
    reply: Reply,
  ): Promise<void> {
    try {
      await this.#serve(turn, signal, priority, this.#receiver(signal, priority, asked, reply))
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
   * Lets Claude Code work on a turn with its own tools. The reply joins all its messages into one.
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
    if (this.#runs === undefined) throw new Error('The tools have no working folder.')
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

  /** A run keeps its ticket until its process is gone. */
  async #endRun(worker: Worker | undefined, giveBack: () => void): Promise<void> {
    await worker?.exited
    if (worker) this.#running.delete(worker)
    giveBack()
  }

  /** Any worker has the list: the workers of an earlier login were replaced. */
  #listModels(): Worker['started'] {
    return this.#capacity.withWorker(([worker]) => worker?.started, neverAborted)
  }

  async #readAccount(patience: number): Promise<Account> {
    const { launch } = this.#launcher
    if (launch === undefined) throw new Error('The runtime has not been started yet.')
    return readAccount(launch, patience)
  }

  #measure(opening: Opening, signal: AbortSignal): Promise<ContextCount> {
    return retryOnceIfEnded(() =>
      this.#capacity.withWorker(
        (available) => chooseCounter(available)?.count(opening, signal),
        signal,
      ),
    )
  }
}

const neverAborted = new AbortController().signal

/**
 * The cause of one process's end may have ended others. After this time all exits are known.
 * Milliseconds.
 */
const NOTICE = 100

/** Runs a step that needs a process, and repeats it once if the process ends during the step. */
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
