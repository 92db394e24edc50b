import type { NamedModel } from '../api/model.ts'
import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'
import { answersIn } from '../plan/resolution.ts'
import type { ModelFacts } from '../plan/plan-turn.ts'
import type { Opening, Turn } from '../plan/turn.ts'
import { type Account, readAccount } from './account.ts'
import { type BlueprintInput, conversationKind, runKind } from './blueprint.ts'
import { catalogOf } from './catalog.ts'
import type { ContextCount } from './context-count.ts'
import { PLAIN, TokenCounter } from './count-tokens.ts'
import { RuntimeEnded } from './failures.ts'
import { Launcher, type ProcessObserver } from './launcher.ts'
import { Pool, type PoolLimits } from './pool.ts'
import { ModelList } from './model-list.ts'
import { type Probe, probe } from './probe.ts'
import type { Reply } from './reply.ts'
import { Session, type SessionDependencies } from './session.ts'
import { firstSettings } from './settings.ts'
import { Stock } from './stock.ts'

/** How a turn is served, fastest first. */
export type Lane = 'resolve' | 'continue' | 'replay' | 'run'

export type Served = { lane: Lane; reply: Reply }

export type EngineInput = BlueprintInput &
  Omit<PoolLimits, 'reserve'> & {
    version: string
    /** How many processes are kept started ahead at least; with 0 none. */
    spares: number
    startTimeout: number
    nextEventTimeout: number
    /** Where Claude Code's own tools may work; without one there are no runs. */
    toolsFolder?: string | undefined
    /** Called with the cause when a session ends, for the log. */
    onSessionEnd?: (cause: string) => void
    observer: EngineObserver
  }

/** Is told what happens. All times are in milliseconds. */
export type EngineObserver = ProcessObserver & {
  /** A turn got its process, after it stood in line for so long. */
  turnWaited: (milliseconds: number) => void
  rateLimitsKnown: (limits: RateLimits) => void
  /** Sessions came, went or changed their state. */
  sessionsChanged: () => void
  /** Someone else is logged in than before. */
  loginChanged: () => void
}

/** The processes as they are now. */
export type EngineCensus = {
  processes: Readonly<Record<'spare' | 'opening' | 'asking' | 'idle' | 'held', number>>
  /** The most that there may be. */
  limit: number
  /** Turns that stand in line. */
  waiting: number
}

/** Serves turns by processes of the runtime, and owns all of them. */
export class Engine {
  readonly #models = new ModelList({
    probe: () => this.#probe(),
    identify: () => this.#readAccount(),
    onChange: () => {
      this.#forgetLogin()
      this.#observer.loginChanged()
    },
  })
  readonly #counter = new TokenCounter((opening, signal) => this.#measure(opening, signal))
  readonly #launcher: Launcher
  /** Runs are started otherwise than conversations, and not ahead. */
  readonly #runLauncher: Launcher
  readonly #observer: EngineObserver
  readonly #pool: Pool
  readonly #stock: Stock
  readonly #limit: number
  readonly #conversations: SessionDependencies
  readonly #runs: SessionDependencies | undefined

  constructor(input: EngineInput) {
    this.#observer = input.observer
    this.#limit = input.maxSessions
    const refill = (): void => this.#stock.refill()
    this.#launcher = new Launcher(refill, input.observer)
    this.#runLauncher = new Launcher(refill, input.observer)
    this.#pool = new Pool({ ...input, reserve: () => this.#stock.wanted })
    this.#conversations = {
      launcher: this.#launcher,
      kind: conversationKind(input),
      version: input.version,
      startTimeout: input.startTimeout,
      nextEventTimeout: input.nextEventTimeout,
      onStateChange: (session) => {
        if (session.cause !== undefined) input.onSessionEnd?.(session.cause)
        this.#follow(session)
      },
      onRateLimits: (limits) => this.#observer.rateLimitsKnown(limits),
    }
    if (input.toolsFolder !== undefined) {
      const kind = runKind(input, input.toolsFolder)
      this.#runs = { ...this.#conversations, kind, launcher: this.#runLauncher }
    }
    this.#stock = new Stock({
      launcher: this.#launcher,
      spares: input.spares,
      firstInput: firstSettings(input.model),
      maxProcesses: input.maxSessions,
      taken: () => this.#pool.size,
      running: () => this.#launcher.size + this.#runLauncher.size,
      isUrgent: () => this.#pool.isUrgent,
      start: (beginning) => new Session(beginning, this.#conversations),
    })
  }

  /**
   * Starts the runtime once to see that it can be, and learns what it knows.
   *
   * @throws Error where it can't be started
   */
  async start(): Promise<void> {
    await this.#models.load()
    this.#stock.begin()
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
    const states = ['opening', 'asking', 'idle', 'held'] as const
    const counts = states.map((state) => [state, this.#pool.count(state)])
    return {
      processes: {
        spare: this.#launcher.spareCount + this.#stock.aheadCount,
        ...(Object.fromEntries(counts) as Record<(typeof states)[number], number>),
      },
      limit: this.#limit,
      waiting: this.#pool.waiting,
    }
  }

  /** The models of the login, as the runtime lists them; asked anew where the login is another. */
  async models(): Promise<readonly NamedModel[]> {
    return catalogOf(await this.#models.fresh())
  }

  /** Who the runtime is logged in as, asked anew. */
  async account(): Promise<Account> {
    const account = await this.#readAccount()
    this.#models.noteLogin(account)
    return account
  }

  /** The same, as it was seen some minutes ago at most. */
  knownAccount(): Promise<Account> {
    return this.#models.login()
  }

  /** To be told where there may be another login by now. */
  doubtLogin(): void {
    this.#models.doubt()
  }

  /**
   * Counts the tokens of a conversation. Nothing of it is billed.
   *
   * @throws ApiError where the API did not count, or no process could be had in time
   */
  async countTokens(opening: Omit<Opening, 'settings'>, signal: AbortSignal): Promise<number> {
    return this.#counter.count({ ...opening, settings: PLAIN }, signal)
  }

  /**
   * Finds the fastest way to ask a turn, and asks it.
   *
   * @param signal aborts while the turn waits for a process; after that, leaving the reply ends it
   * @throws ApiError where no process could be had in time, or it failed
   */
  async serve(turn: Turn, signal: AbortSignal): Promise<Served> {
    const answers = answersIn(turn.prompt)
    const held = this.#pool.takeHeld(turn.lineage, new Set(answers?.keys()))
    if (held && answers) {
      const reply = await goOn(held, turn, signal, () => held.resolve(turn, answers))
      if (reply) return { lane: 'resolve', reply }
    }
    const idle = this.#pool.takeIdle(turn.lineage)
    if (idle) {
      const reply = await goOn(idle, turn, signal, () => idle.ask(turn))
      if (reply) return { lane: 'continue', reply }
    }
    return { lane: 'replay', reply: await this.#replay(turn, signal, this.#conversations) }
  }

  /**
   * Lets Claude Code work on a turn with its own tools; the reply is one message of all it says.
   *
   * @throws ApiError as `serve` does
   */
  async run(turn: Turn, signal: AbortSignal): Promise<Served> {
    if (this.#runs === undefined) throw new Error('There is no folder for the tools to work in.')
    if (turn.prompt.length === 0) {
      throw new ApiError(
        'invalid_request_error',
        'messages: with tools_enabled the conversation must end with a user message.',
      )
    }
    return { lane: 'run', reply: await this.#replay(turn, signal, this.#runs) }
  }

  /** Ends all sessions and processes. Replies under way end with an error. */
  async close(): Promise<void> {
    this.#pool.close()
    this.#stock.close()
    await Promise.all([this.#launcher.close(), this.#runLauncher.close()])
  }

  #follow(session: Session): void {
    // What the pool does about one change may be the next one.
    const { state, error } = session
    if (error instanceof RuntimeEnded) this.#launcher.noteFailure()
    if (state === 'idle' || state === 'held') this.#launcher.noteSuccess()
    if (state === 'closed') void session.exited.then(() => this.#stock.refill())
    if (this.#stock.release(session)) return
    this.#pool.update(session)
    this.#stock.refill()
    this.#observer.sessionsChanged()
    if (state === 'closed' && error?.type === 'authentication_error') this.#forgetLogin()
  }

  /** Who logs in after a failure shall not meet a process that knows only the old login. */
  #forgetLogin(): void {
    this.#pool.closeIdle('the login failed')
    this.#stock.renew()
  }

  async #readAccount(): Promise<Account> {
    const { launch } = this.#launcher
    if (launch === undefined) throw new Error('The runtime was not started yet.')
    return readAccount(launch)
  }

  /** It takes its place among the processes. */
  async #probe(): Promise<Probe> {
    await this.#pool.room(NEVER)
    try {
      const { kind, startTimeout } = this.#conversations
      return await probe(this.#launcher, kind.options, startTimeout)
    } finally {
      this.#pool.giveBack()
    }
  }

  #measure(opening: Opening, signal: AbortSignal): Promise<ContextCount> {
    return onceMore(() => this.#measureOnce(opening, signal))
  }

  async #measureOnce(opening: Opening, signal: AbortSignal): Promise<ContextCount> {
    await this.#pool.room(signal)
    const session = await this.#admit(() => new Session(opening, this.#conversations))
    try {
      return await whileThere(session, signal, async () => {
        await session.open(opening)
        return session.count()
      })
    } finally {
      session.close('its tokens were counted')
    }
  }

  /** On a new process; on one more if that one ends before anything was asked. */
  #replay(turn: Turn, signal: AbortSignal, dependencies: SessionDependencies): Promise<Reply> {
    return onceMore(() => this.#replayOnce(turn, signal, dependencies))
  }

  async #replayOnce(
    turn: Turn,
    signal: AbortSignal,
    dependencies: SessionDependencies,
  ): Promise<Reply> {
    const since = performance.now()
    await this.#pool.room(signal)
    this.#observer.turnWaited(performance.now() - since)
    const session = await this.#admit(async () => {
      const isConversation = dependencies === this.#conversations
      const ahead = isConversation ? await this.#stock.take(turn) : undefined
      return ahead ?? new Session(turn, dependencies)
    })
    return whileThere(session, signal, async () => {
      await session.open(turn)
      return session.ask(turn)
    })
  }

  /** Takes the room that was given for a session. */
  async #admit(start: () => Session | Promise<Session>): Promise<Session> {
    try {
      const session = await start()
      this.#pool.add(session)
      this.#stock.refill()
      return session
    } catch (cause) {
      this.#pool.giveBack()
      throw new ApiError('api_error', 'The Claude Code runtime could not be started.', { cause })
    }
  }
}

/** For who does not leave. */
const NEVER = new AbortController().signal

/** Takes a step that needs a process, and once more if the process ends in the middle of it. */
async function onceMore<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof RuntimeEnded)) throw error
    return step()
  }
}

/** Asks on a process that carries the conversation; `undefined` where it ended before it was asked. */
async function goOn(
  session: Session,
  turn: Turn,
  signal: AbortSignal,
  ask: () => Promise<Reply>,
): Promise<Reply | undefined> {
  try {
    return await whileThere(session, signal, async () => {
      await session.prepare(turn)
      return ask()
    })
  } catch (error) {
    if (!(error instanceof RuntimeEnded)) throw error
    return undefined
  }
}

/** Takes a step with a session that is closed if the client leaves meanwhile. */
async function whileThere<T>(
  session: Session,
  signal: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  const leave = (): void => session.close('the client left')
  signal.addEventListener('abort', leave)
  try {
    if (signal.aborted) leave()
    return await step()
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
