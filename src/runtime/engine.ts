import { ApiError } from '../errors.ts'
import { answersIn } from '../plan/resolution.ts'
import type { ModelFacts } from '../plan/plan-turn.ts'
import type { Turn } from '../plan/turn.ts'
import { type Account, readAccount } from './account.ts'
import { type BlueprintInput, conversationKind, runKind } from './blueprint.ts'
import { RuntimeEnded } from './failures.ts'
import { Launcher } from './launcher.ts'
import { Pool, type PoolLimits } from './pool.ts'
import { type ListedModel, probe } from './probe.ts'
import type { Reply } from './reply.ts'
import { Session, type SessionDependencies } from './session.ts'
import { Stock } from './stock.ts'

/** How a turn is served, fastest first. */
export type Lane = 'resolve' | 'continue' | 'replay' | 'run'

export type Served = { lane: Lane; reply: Reply }

export type EngineInput = BlueprintInput &
  Omit<PoolLimits, 'reserve'> & {
    version: string
    /** How many processes are kept started ahead at least; with 0 none. */
    spares: number
    /** Where Claude Code's own tools may work; without one there are no runs. */
    toolsFolder?: string | undefined
    /** Called with the cause when a session ends, for the log. */
    onSessionEnd?: (cause: string) => void
  }

/** Serves turns by processes of the runtime, and owns all of them. */
export class Engine {
  /** The models of this login, once the runtime has told them. */
  #models: readonly ListedModel[] = []
  readonly #launcher = new Launcher(() => this.#stock.refill())
  /** Runs are started otherwise than conversations, and not ahead. */
  readonly #runLauncher = new Launcher(() => this.#stock.refill())
  readonly #pool: Pool
  readonly #stock: Stock
  readonly #conversations: SessionDependencies
  readonly #runs: SessionDependencies | undefined

  constructor(input: EngineInput) {
    this.#pool = new Pool({ ...input, reserve: () => this.#stock.wanted })
    this.#conversations = {
      launcher: this.#launcher,
      kind: conversationKind(input),
      version: input.version,
      onStateChange: (session) => {
        if (session.cause !== undefined) input.onSessionEnd?.(session.cause)
        this.#follow(session)
      },
    }
    if (input.toolsFolder !== undefined) {
      const kind = runKind(input, input.toolsFolder)
      this.#runs = { ...this.#conversations, kind, launcher: this.#runLauncher }
    }
    this.#stock = new Stock({
      launcher: this.#launcher,
      spares: input.spares,
      maxProcesses: input.maxSessions,
      taken: () => this.#pool.size,
      running: () => this.#launcher.size + this.#runLauncher.size,
      isUrgent: () => this.#pool.isUrgent,
      start: (turn) => new Session(turn, this.#conversations),
    })
  }

  /**
   * Starts the runtime once to see that it can be, and learns what it knows.
   *
   * @throws Error where it can't be started
   */
  async start(): Promise<void> {
    const { models } = await probe(this.#launcher, this.#conversations.kind.options)
    this.#models = models
    this.#stock.begin()
  }

  /** What the runtime's list says of a model; one that is not listed is taken as it is. */
  describeModel(name: string): ModelFacts {
    const listed =
      this.#models.find(({ value }) => value === name) ??
      this.#models.find(({ resolvedModel }) => resolvedModel === name)
    return {
      id: listed?.resolvedModel ?? name,
      alwaysThinks: listed?.supportsThinkingOff === false,
    }
  }

  /** Who the runtime is logged in as, asked anew. */
  async account(): Promise<Account> {
    const { launch } = this.#launcher
    if (launch === undefined) throw new Error('The runtime was not started yet.')
    return readAccount(launch)
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
    if (state === 'closed') void session.exited.then(() => this.#stock.refill())
    if (this.#stock.release(session)) return
    this.#pool.update(session)
    this.#stock.refill()
    if (state === 'closed' && error?.type === 'authentication_error') this.#forgetLogin()
  }

  /** Who logs in after a failure shall not meet a process that knows only the old login. */
  #forgetLogin(): void {
    this.#pool.closeIdle('the login failed')
    this.#stock.renew()
  }

  /** On a new process; on one more if that one ends before anything was asked. */
  async #replay(
    turn: Turn,
    signal: AbortSignal,
    dependencies: SessionDependencies,
  ): Promise<Reply> {
    try {
      return await this.#replayOnce(turn, signal, dependencies)
    } catch (error) {
      if (!(error instanceof RuntimeEnded)) throw error
      return this.#replayOnce(turn, signal, dependencies)
    }
  }

  async #replayOnce(
    turn: Turn,
    signal: AbortSignal,
    dependencies: SessionDependencies,
  ): Promise<Reply> {
    await this.#pool.room(signal)
    const session = await this.#session(turn, dependencies)
    return whileThere(session, signal, async () => {
      await session.open(turn)
      return session.ask(turn)
    })
  }

  /** The session that was opened ahead for such a turn, or a new one. */
  async #session(turn: Turn, dependencies: SessionDependencies): Promise<Session> {
    const isConversation = dependencies === this.#conversations
    try {
      const ahead = isConversation ? await this.#stock.take(turn) : undefined
      const session = ahead ?? new Session(turn, dependencies)
      this.#pool.add(session)
      this.#stock.refill()
      return session
    } catch (cause) {
      this.#pool.giveBack()
      throw new ApiError('api_error', 'The Claude Code runtime could not be started.', { cause })
    }
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
async function whileThere(
  session: Session,
  signal: AbortSignal,
  step: () => Promise<Reply>,
): Promise<Reply> {
  const leave = (): void => session.close('the client left')
  signal.addEventListener('abort', leave)
  try {
    if (signal.aborted) leave()
    return await step()
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
