import type { Options } from '@anthropic-ai/claude-agent-sdk'

import { ApiError } from '../errors.ts'
import { answersIn } from '../plan/resolution.ts'
import type { Turn } from '../plan/turn.ts'
import { type Account, readAccount } from './account.ts'
import { blueprint, type BlueprintInput } from './blueprint.ts'
import { Launcher } from './launcher.ts'
import { Pool, type PoolLimits } from './pool.ts'
import { type ListedModel, probe } from './probe.ts'
import type { Reply } from './reply.ts'
import { Session, type SessionDependencies } from './session.ts'

/** How a turn is served, fastest first. */
export type Lane = 'resolve' | 'continue' | 'replay'

export type Served = { lane: Lane; reply: Reply }

export type EngineInput = BlueprintInput &
  PoolLimits & {
    version: string
    /** Processes that are kept started ahead. */
    spares: number
    /** Called with the cause when a session ends, for the log. */
    onSessionEnd?: (cause: string) => void
  }

/** Serves turns by processes of the runtime, and owns all of them. */
export class Engine {
  /** The models of this login, once the runtime has told them. */
  #models: readonly ListedModel[] = []
  readonly #options: Options
  readonly #launcher: Launcher
  readonly #pool: Pool
  readonly #dependencies: SessionDependencies

  constructor(input: EngineInput) {
    this.#options = blueprint(input)
    this.#launcher = new Launcher(input.spares)
    this.#pool = new Pool(input)
    this.#dependencies = {
      launcher: this.#launcher,
      options: this.#options,
      version: input.version,
      onStateChange: (session) => {
        this.#pool.update(session)
        if (session.cause !== undefined) input.onSessionEnd?.(session.cause)
      },
    }
  }

  /**
   * Starts the runtime once to see that it can be, and learns what it knows.
   *
   * @throws Error where it can't be started
   */
  async start(): Promise<void> {
    const { models } = await probe(this.#launcher, this.#options)
    this.#models = models
    this.#launcher.refill()
  }

  /** Whether a model thinks whatever it is told; a model that is not listed is taken not to. */
  alwaysThinks(name: string): boolean {
    return this.#models.some(
      ({ value, resolvedModel, supportsThinkingOff }) =>
        supportsThinkingOff === false && (value === name || resolvedModel === name),
    )
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
    if (answers) {
      const held = this.#pool.takeHeld(turn.lineage, new Set(answers.keys()))
      if (held) return { lane: 'resolve', reply: held.resolve(turn, answers) }
    }
    const idle = this.#pool.takeIdle(turn.lineage)
    if (idle) return { lane: 'continue', reply: idle.ask(turn) }
    return { lane: 'replay', reply: await this.#replay(turn, signal) }
  }

  /** Ends all sessions and processes. Replies under way end with an error. */
  async close(): Promise<void> {
    this.#pool.close()
    await this.#launcher.close()
  }

  async #replay(turn: Turn, signal: AbortSignal): Promise<Reply> {
    await this.#pool.room(signal)
    let session: Session | undefined
    const leave = (): void => session?.close('the client left')
    signal.addEventListener('abort', leave)
    try {
      session = this.#open(turn)
      await session.open(turn)
      signal.throwIfAborted()
      return session.ask(turn)
    } finally {
      signal.removeEventListener('abort', leave)
      this.#launcher.refill()
    }
  }

  #open(turn: Turn): Session {
    try {
      const session = new Session(turn, this.#dependencies)
      this.#pool.add(session)
      return session
    } catch (cause) {
      this.#pool.giveBack()
      throw new ApiError('api_error', 'The Claude Code runtime could not be started.', { cause })
    }
  }
}
