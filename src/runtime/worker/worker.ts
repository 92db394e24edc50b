import type { SDKMessage, SDKRateLimitInfo } from '@anthropic-ai/claude-agent-sdk'

import type { RateLimits } from '../../api/rate-limits.ts'
import type { ContentBlock } from '../../api/types.ts'
import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import { withoutBreakpoints } from '../../plan/caching.ts'
import { extendLineage } from '../../plan/lineage.ts'
import type { CallAnswer } from '../../plan/resolution.ts'
import type { Opening, Turn } from '../../plan/turn.ts'
import { throwIfLeft } from '../../refusals.ts'
import type { Reply } from '../../stream/reply.ts'
import type { ListedModel } from '../login/listed-model.ts'
import { type Launcher, stampOf } from '../process/launcher.ts'
import { memoryOf } from '../process/memory.ts'
import { Channel, newUuid } from './channel.ts'
import { type ContextCount, contextCount } from './context-count.ts'
import { Diagnosis } from './diagnosis.ts'
import type { Outcome } from './exchange.ts'
import { RuntimeEnded, RuntimeHung } from './failures.ts'
import {
  Flight,
  type FlightDependencies,
  type FlightHost,
  type FlightInput,
  type Receiver,
} from './flight.ts'
import { hasResults } from './frames.ts'
import { HeldConversation, type TracedOpening, type Way } from './held-conversation.ts'
import { type End, Link } from './link.ts'
import { rateLimitsIn, secondsUntilReset } from './rate-limits.ts'
import { type Gate, PLAIN_SETTINGS, ProcessSettings, type State } from './settings.ts'
import { type Stage, StageMachine } from './stage.ts'
import { Toolbox } from './toolbox.ts'
import type { Transcript } from './transcript.ts'
import { wearOf } from './wear.ts'

/**
 * The worker ended; it recovered after a turn that failed; it forgot the conversation that it held.
 */
export type WorkerEvent = 'ended' | 'recovered' | 'forgot'

export type WorkerDependencies = FlightDependencies & {
  launcher: Launcher
  version: string
  /** Time limit for each step before the request is sent, in milliseconds. */
  startTimeout: number
  /** Called after each change of the stage. */
  onStage: (worker: Worker) => void
  /** Reports events of a worker that are not part of a turn, for the log. */
  onEvent: (event: WorkerEvent, cause: string) => void
  /** Called with the state of the plan, which comes with each reply under a subscription. */
  onRateLimits?: (limits: RateLimits) => void
}

/** No model has this name, so the runtime remembers nothing (such as betas) for a real one. */
const WARM_UP: State = {
  model: 'warm-up',
  system: '',
  settings: PLAIN_SETTINGS,
}

/**
 * A process of the runtime that serves turns of any conversation, one after another.
 *
 * After each turn it holds that turn's conversation; its transcript lists the messages. After a
 * turn that failed, the process is rewound to the last known position. If that fails, or the
 * process dies or hangs, the worker ends: once, with one cause.
 */
export class Worker {
  /** Resolves with the models of the login when the process is ready for turns. */
  readonly started: Promise<readonly ListedModel[]>
  /** The ids of the calls whose results the process waits for, while it is held. */
  heldCalls: readonly string[] = []
  /** Whether the model was forced to make these calls: clients seldom bring their results. */
  isForced = false
  /** How many turns of the present conversation this worker answered. */
  exchanges = 0
  /** When the latest turn ended, on the clock of `performance.now()`. */
  lastUsed = performance.now()
  readonly #dependencies: WorkerDependencies
  readonly #stages: StageMachine
  readonly #link: Link
  readonly #channel: Channel
  readonly #settings: ProcessSettings
  readonly #toolbox: Toolbox
  readonly #held: HeldConversation
  /** The turn in flight, and after a failure until its diagnostics were read. */
  #flight: Flight | undefined
  #count: Diagnosis | undefined
  #rateLimit: SDKRateLimitInfo | undefined
  #turns = 0
  #hasAsked = false
  #hasCounted = false
  /** Whether the process may have kept a connection to the API. */
  #hasConnection = false
  #memory = 0
  /** Why it ends as soon as no turn uses it; `undefined` if it stays. */
  #retirement: string | undefined
  /** Whether the client answered the calls of the last reply: only then may the runtime continue. */
  #hasResults = false
  /** Settles when the turn is given up; until then the runtime is held back. */
  #givenUp = new Deferred<void>()

  /** @throws Error if the process can't be started */
  constructor(dependencies: WorkerDependencies, system = '') {
    const { kind, launcher, version, startTimeout } = dependencies
    this.#dependencies = dependencies
    this.#stages = new StageMachine(() => this.#dependencies.onStage(this))
    this.#toolbox = new Toolbox(version)
    const { server } = this.#toolbox
    const options = {
      ...kind.options,
      systemPrompt: kind.systemPrompt(system),
      ...(!kind.answersCalls && {
        mcpServers: { [server.name]: server },
        hooks: { PostToolBatch: [{ hooks: [() => this.#holdBack()] }] },
      }),
    }
    this.#link = new Link(options, launcher, {
      message: (message) => this.#receive(message),
      diagnostic: (line) => this.#diagnose(line),
      end: (end) => this.#ended(end),
    })
    this.#channel = new Channel(this.#link, startTimeout)
    this.#settings = new ProcessSettings(
      this.#channel,
      kind.openLimit,
      kind.options.env?.['ANTHROPIC_CUSTOM_HEADERS'] ?? '',
    )
    this.#held = new HeldConversation({
      link: this.#link,
      channel: this.#channel,
      settings: this.#settings,
      toolbox: this.#toolbox,
      isRun: kind.answersCalls,
      startTimeout,
    })
    this.started = this.#start()
    this.started.catch(() => {})
  }

  get stage(): Stage {
    return this.#stages.current
  }

  /** The messages that it holds. */
  get transcript(): Transcript {
    return this.#held.transcript
  }

  /** The id of its process; undefined if no process was started. */
  get pid(): number | undefined {
    return this.#link.process?.child.pid
  }

  /** Why the worker ended. */
  get end(): End | undefined {
    return this.#link.end
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<unknown> {
    return this.#link.exited
  }

  /**
   * Whether it can count tokens. After its first turn, a process keeps removed tools in its list,
   * and counts them (measured with 2.1.330).
   */
  get canCount(): boolean {
    return !this.#hasAsked
  }

  /** Whether it is reserved for counting. */
  get isCounter(): boolean {
    return this.#hasCounted && !this.#hasAsked
  }

  /** Whether it is ready for a turn. */
  get isAvailable(): boolean {
    return this.#stages.is('ready', 'settling', 'held') && this.#link.process?.isGone !== true
  }

  /** Whether the process can ask a model with these betas. */
  takes(model: string, betas: string): boolean {
    return this.#settings.takes(model, betas)
  }

  /** The reason to replace the worker; `undefined` if there is none. */
  get wear(): string | undefined {
    const isOutdated = this.#link.process?.isOutdated(stampOf) === true
    return wearOf({ memory: this.#memory, turns: this.#turns, isOutdated })
  }

  /**
   * Brings the process to the state before the prompt, and sends the request.
   *
   * @returns the reply, once the request was sent
   * @throws ApiError if it was not sent; `RuntimeEnded` if another worker may be tried
   */
  async ask(turn: Turn, way: Way, signal: AbortSignal, receiver: Receiver = {}): Promise<Reply> {
    await this.#prepare(turn, way, signal)
    const uuid = newUuid()
    const isTarget = !hasResults(turn.prompt)
    const prompt = { keep: this.transcript.length, target: uuid }
    const cut = isTarget ? prompt : this.transcript.cutWithin(prompt.keep)
    this.transcript.wrote(uuid, isTarget)
    // Breakpoints of earlier turns are still there: with more of them there would be too many.
    const isBare = way.kind !== 'open' && turn.settings.runtimeCaching
    const content = isBare ? withoutBreakpoints(turn.prompt) : turn.prompt
    const settled = this.#channel.ask(content, uuid)
    const flight = this.#begin({ turn, settled, cut, prompt, receiver })
    if (turn.prompt.length > 0) {
      this.transcript.add({
        role: 'user',
        lineage: turn.promptLineage,
        uuid,
        isTarget,
      })
    }
    return this.#waitUntilSent(flight, signal)
  }

  /** Gives the held calls their results, and returns the reply that follows. */
  async resolve(
    turn: Turn,
    answers: ReadonlyMap<string, CallAnswer>,
    signal: AbortSignal,
    receiver: Receiver = {},
  ): Promise<Reply> {
    await this.#prepare(turn, { kind: 'continue' }, signal)
    const cut = this.transcript.cutWithin(this.transcript.length)
    const { settled } = this.#held
    const flight = this.#begin({ turn, settled, cut, prompt: undefined, receiver })
    this.transcript.add({ role: 'user', lineage: turn.promptLineage })
    this.#hasResults = true
    this.#toolbox.answer(answers)
    return this.#waitUntilSent(flight, signal)
  }

  /**
   * Has the API count the tokens of a conversation, which is not billed.
   *
   * @throws ApiError if the API did not count
   */
  async count(opening: Opening, signal: AbortSignal): Promise<ContextCount> {
    this.#stages.move('opening')
    this.#hasCounted = true
    const diagnosis = new Diagnosis()
    this.#count = diagnosis
    try {
      await this.#held.bringToCount(opening, () => throwIfLeft(signal))
      this.#hasConnection = true
      const usage = await this.#channel.contextUsage('full')
      // If the API does not count, the runtime guesses, and only its diagnostics show it. They
      // arrive on another pipe. Once the process has answered one more trivial request, they are
      // here.
      await this.#channel.contextUsage('summary')
      if (diagnosis.countFailure !== undefined) throw diagnosis.countFailure
      return contextCount(usage)
    } finally {
      this.#count = undefined
      this.#rest()
    }
  }

  /**
   * Warm-up: runs one turn behind the closed gate, because the first turn of a process takes some
   * 70 ms longer than later ones. Nothing goes upstream, and the process is empty afterwards.
   */
  async warmUp(): Promise<void> {
    if (this.stage !== 'ready' || !this.transcript.isEmpty) return
    this.#hasAsked = true
    // A turn that comes meanwhile waits until this has ended.
    this.#held.settled = this.#warmUp()
    await this.#held.settled
  }

  /** Stops waiting for the results of calls, or forgets the conversation. */
  async forget(cause: string): Promise<void> {
    if (!this.#stages.is('ready', 'held', 'settling')) return
    this.#stages.move('recovering')
    try {
      this.heldCalls = []
      await this.#held.empty()
      this.transcript.begin()
      this.#dependencies.onEvent('forgot', cause)
      this.#rest()
    } catch {
      // The worker has ended; `onStage` has reported it.
    }
  }

  /** Ends the worker and its process. A reply in flight ends with the error. */
  close(
    cause: string,
    error: ApiError = new RuntimeEnded(cause),
    how: 'stop' | 'kill' = 'stop',
  ): void {
    this.#link.close(cause, error, how)
  }

  /** Ends the worker as soon as no turn uses it. */
  retire(cause: string): void {
    this.#retirement = cause
    if (this.#stages.is('starting', 'ready', 'settling', 'held')) this.close(cause)
  }

  async #start(): Promise<readonly ListedModel[]> {
    const models = await this.#channel.initialized()
    this.#stages.move('ready')
    return models
  }

  async #warmUp(): Promise<void> {
    const uuid = newUuid()
    try {
      await this.#settings.apply(WARM_UP, 'closed')
      await this.#channel.askBehindGate('Hi', uuid)
      await this.#channel.rewind({ keep: 0, target: uuid }, uuid)
    } catch {
      // The worker has ended; `onStage` has reported it.
    }
  }

  async #prepare(turn: TracedOpening, way: Way, signal: AbortSignal): Promise<void> {
    const wasHeld = this.stage === 'held'
    const isUnchanged = way.kind === 'continue'
    const look = (): void => throwIfLeft(signal)
    this.#stages.move('opening')
    try {
      if (!isUnchanged) this.heldCalls = []
      else if (!wasHeld) await this.#held.untilSettled()
      if (way.kind === 'open') this.exchanges = 0
      await this.#held.bringTo(turn, way, look)
      // The last check before the request is sent.
      look()
    } catch (error) {
      // The client left between two steps. If nothing was put into the process, it is unchanged.
      if (!isUnchanged) this.transcript.doubt()
      if (wasHeld && isUnchanged) this.#stages.move('held')
      else this.#rest()
      throw error
    }
  }

  #begin(input: Omit<FlightInput, 'toolNames' | 'hasConnection'>): Flight {
    const { turn, settled } = input
    const flight = new Flight(
      { ...input, toolNames: this.#toolbox.names, hasConnection: this.#hasConnection },
      this.#dependencies,
      this.#flightHost(),
    )
    this.#flight = flight
    this.#hasAsked = true
    this.#held.settled = settled
    this.#turns += 1
    this.#givenUp = new Deferred()
    this.heldCalls = []
    this.isForced = turn.isForced
    this.#stages.move('asking')
    flight.begin()
    return flight
  }

  #flightHost(): FlightHost {
    const isGateClosed = (): boolean => this.#settings.isClosed
    return {
      get isGateClosed() {
        return isGateClosed()
      },
      exited: this.exited,
      setGate: (gate) => void this.#setGate(gate),
      secondsUntilReset: () => secondsUntilReset(this.#rateLimit, Date.now()),
      landed: async (flight, outcome) => {
        try {
          await this.#landed(flight, outcome)
        } catch (cause) {
          // Nobody waits for it, so an error here would end the server.
          this.close('its state is not clear', new RuntimeEnded(cause), 'kill')
        }
      },
      retireLater: (cause) => (this.#retirement ??= cause),
      kill: (cause, error) => this.close(cause, error, 'kill'),
    }
  }

  /** It is not known whether the request was sent, so nothing is repeated after this timeout. */
  async #waitUntilSent({ exchange }: Flight, signal: AbortSignal): Promise<Reply> {
    const leave = (): void => void exchange.reply.return()
    signal.addEventListener('abort', leave)
    try {
      if (signal.aborted) leave()
      await this.#link.within(
        exchange.sent.promise,
        this.#dependencies.startTimeout,
        () => new ApiError('timeout_error', new RuntimeHung().message),
      )
      return exchange.reply
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #receive(message: SDKMessage): void {
    switch (message.type) {
      case 'stream_event':
        if (message.parent_tool_use_id !== null) return
        this.#hasResults = false
        this.#flight?.receiveEvent(message.event)
        return
      case 'assistant':
        this.#flight?.receiveAssistant(message)
        return
      case 'rate_limit_event':
        this.#rateLimit = message.rate_limit_info
        this.#dependencies.onRateLimits?.(rateLimitsIn(message.rate_limit_info))
        return
      default:
        this.#channel.receive(message)
    }
  }

  #diagnose(line: string): void {
    this.#count?.read(line)
    this.#flight?.diagnose(line)
  }

  async #landed(flight: Flight, outcome: Outcome): Promise<void> {
    this.#flight = undefined
    this.#hasConnection = flight.wasAnswered
    this.lastUsed = performance.now()
    switch (outcome.kind) {
      case 'kept':
        this.#keep(flight, outcome.content)
        this.#stages.move('settling')
        return this.#settle()
      case 'held':
        this.#keep(flight, outcome.content)
        this.heldCalls = outcome.calls
        void this.#setGate('open')
        this.#stages.move('held')
        return
      case 'over':
        return this.#recover(flight, 'finishes')
      case 'dropped':
        return this.#recover(flight, outcome.runtime, outcome.cause)
      default:
        throw new Error(`Unknown outcome ${String(outcome satisfies never)}.`)
    }
  }

  #keep({ turn }: Flight, content: ContentBlock[]): void {
    const lineage = extendLineage(turn.promptLineage, { role: 'assistant', content })
    this.transcript.add({ role: 'assistant', lineage })
    this.exchanges += 1
  }

  /** Call it after a reply that is kept; the next turn may already have come. */
  async #settle(): Promise<void> {
    try {
      await this.#held.untilSettled()
      if (!this.#stages.is('settling')) return
      await this.#setGate('open')
      if (this.#stages.is('settling')) this.#rest()
    } catch {
      // The worker has ended; `onStage` has reported it.
    }
  }

  /**
   * Brings the process back to the state before the prompt, from any stage.
   *
   * @param cause for the log; absent if every turn ends this way
   */
  async #recover(
    { cut, prompt }: Flight,
    runtime: Extract<Outcome, { kind: 'dropped' }>['runtime'],
    cause?: string,
  ): Promise<void> {
    if (this.end) return
    if (this.#dependencies.kind.answersCalls) {
      this.close(cause ?? 'the run is over')
      return
    }
    this.#stages.move('recovering')
    const { needsGate } = this.#dependencies.kind
    if (needsGate && runtime === 'asks again' && this.#settings.gate === 'open') {
      this.close(cause ?? '', new RuntimeEnded(cause), 'kill')
      return
    }
    try {
      const cancelled = runtime === 'goes on' ? await this.#channel.interrupt() : new Set<unknown>()
      this.#givenUp.resolve()
      await this.#held.untilSettled()
      if (prompt !== undefined && cancelled.has(prompt.target)) this.transcript.cut(prompt)
      else await this.#held.rewind(cut)
      // Otherwise a conversation that was sent as a whole would be sent once more; the next turn
      // opens the gate with its own.
      if (needsGate) await this.#setGate('open')
      if (cause !== undefined) this.#dependencies.onEvent('recovered', cause)
      this.#rest()
    } catch {
      // The worker has ended; `onStage` has reported it.
    }
  }

  /** Call it when nothing is in flight: the worker is ready for a turn. */
  #rest(): void {
    if (this.end || !this.#stages.is('opening', 'settling', 'recovering')) return
    this.#memory = memoryOf(this.pid)
    if (this.#retirement !== undefined) this.close(this.#retirement)
    else this.#stages.move('ready')
  }

  async #setGate(gate: Gate): Promise<void> {
    if (this.end) return
    try {
      await this.#settings.setGate(gate)
    } catch {
      // The worker has ended; `onStage` has reported it.
    }
  }

  /** Holds the runtime back if it would continue after calls that the client did not answer. */
  async #holdBack(): Promise<Record<string, never>> {
    if (!this.#hasResults) await this.#givenUp.promise
    return {}
  }

  #ended({ cause, error }: End): void {
    this.#dependencies.onEvent('ended', cause)
    this.lastUsed = performance.now()
    this.#flight?.lose(error)
    this.#givenUp.resolve()
    this.transcript.doubt()
    this.#stages.move('ended')
  }
}
