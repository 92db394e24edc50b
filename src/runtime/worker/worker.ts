import type { SDKMessage, SDKRateLimitInfo } from '@anthropic-ai/claude-agent-sdk'

import type { RateLimits } from '../../api/rate-limits.ts'
import type { ReplyEvent } from '../../api/types.ts'
import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import { withoutBreakpoints } from '../../plan/caching.ts'
import { extendLineage } from '../../plan/lineage.ts'
import { withoutThoughts } from '../../plan/repairs.ts'
import type { CallAnswer } from '../../plan/resolution.ts'
import type { Opening, Turn } from '../../plan/turn.ts'
import type { Reply } from '../../stream/reply.ts'
import { throwIfLeft } from '../../refusals.ts'
import type { ListedModel } from '../login/listed-model.ts'
import { type Launcher, stampOf } from '../process/launcher.ts'
import { memoryOf } from '../process/memory.ts'
import type { AnsweredModels } from './answered-models.ts'
import type { WorkerKind } from './blueprint.ts'
import { Channel, newUuid } from './channel.ts'
import { type ContextCount, contextCount } from './context-count.ts'
import { Diagnosis } from './diagnosis.ts'
import { Exchange, type Outcome } from './exchange.ts'
import {
  type Diagnosed,
  type Failure,
  failureIn,
  isAskedAgain,
  isBarred,
  isBoundElsewhere,
  isUnreadableCall,
  RuntimeEnded,
  RuntimeHung,
  toApiError,
  unreadableCall,
} from './failures.ts'
import { hasResults } from './frames.ts'
import { type End, Link } from './link.ts'
import { openConversation, type OpeningParts, putUnasked, putHistory } from './opening.ts'
import { rateLimitsIn } from './rate-limits.ts'
import { type Gate, PLAIN_SETTINGS, ProcessSettings, type State } from './settings.ts'
import { type Stage, StageMachine } from './stage.ts'
import { Toolbox } from './toolbox.ts'
import { type Cut, Transcript } from './transcript.ts'
import { wearOf } from './wear.ts'

/**
 * The worker ended; it recovered after a turn that failed; it forgot the conversation that it held.
 */
export type WorkerEvent = 'ended' | 'recovered' | 'forgot'

export type WorkerDependencies = {
  launcher: Launcher
  kind: WorkerKind
  version: string
  /** Shared by all workers of a proxy. */
  models: AnsweredModels
  /** Time limit for each step before the request is sent, in milliseconds. */
  startTimeout: number
  /** Time limit between two events of a reply, in milliseconds. */
  nextEventTimeout: number
  /** Called after each change of the stage. */
  onStage: (worker: Worker) => void
  /** Reports events of a worker that are not part of a turn, for the log. */
  onEvent: (event: WorkerEvent, cause: string) => void
  /** Called with the state of the plan, which comes with each reply under a subscription. */
  onRateLimits?: (limits: RateLimits) => void
  /** Called if the API refused the login: other processes may have the same one. */
  onLoginFailure?: () => void
}

/** How a worker is brought to the state before a turn's prompt. */
export type Way =
  /** Nothing has to be done. */
  | { kind: 'continue' }
  /** Everything that it holds is the beginning of the turn's conversation: it gets the rest. */
  | { kind: 'extend'; keep: number }
  /**
   * It is cut back to the beginning that it shares with the turn's conversation, and gets the rest.
   */
  | { kind: 'rewind'; cut: Cut }
  /** It is emptied, and gets the whole conversation. */
  | { kind: 'open' }

/** Where the reply to a turn goes. */
export type Receiver = {
  /** A reply that another worker was refused; absent if it is a new one. */
  reply?: Reply
  /** Has a turn asked on any worker, for the reply of this one. Absent if it was asked again already. */
  askAgain?: (turn: Turn, reply: Reply) => void
}

/** The turn in flight. */
type Flight = {
  turn: Turn
  receiver: Receiver
  exchange: Exchange
  diagnosis: Diagnosis
  /** Resolves when the runtime has finished the user message that began the turn. */
  settled: Promise<void>
  /** The cut to make if the reply is not kept. */
  cut: Cut | undefined
  /** Cuts away the prompt alone; undefined if the turn began with the results of held calls. */
  prompt: Cut | undefined
}

/**
 * The gate stays open for this long after the request was sent. Closing it costs the runtime some
 * 10 ms, while the API works on the reply. A reply that arrives sooner is read first.
 */
const GATE_MILLISECONDS = 25

/** The runtime may take this long to tidy up after a reply, or after an interrupt. */
const SETTLE_MILLISECONDS = 10_000

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
  readonly transcript = new Transcript()
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
  #flight: Flight | undefined
  /** A turn that failed, while the diagnostics of it are still to come. */
  #failing: Flight | undefined
  /** Resolves when the process has finished the latest turn. */
  #settled: Promise<void> = Promise.resolve()
  #count: Diagnosis | undefined
  #gateTimer: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined
  #rateLimit: SDKRateLimitInfo | undefined
  #turns = 0
  #hasAsked = false
  #hasCounted = false
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
    this.started = this.#start()
    this.started.catch(() => {})
  }

  get stage(): Stage {
    return this.#stages.current
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
    const flight = this.#begin(turn, settled, { cut, prompt }, receiver)
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
    const flight = this.#begin(turn, this.#settled, { cut, prompt: undefined }, receiver)
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
    const look = (): void => throwIfLeft(signal)
    this.#stages.move('opening')
    this.#hasCounted = true
    const diagnosis = new Diagnosis()
    this.#count = diagnosis
    try {
      await this.#empty()
      this.transcript.begin()
      look()
      const parts = this.#parts(look)
      await Promise.all([this.#settings.apply(opening, 'open'), parts.offer(opening.tools)])
      await putUnasked(parts, opening.history, opening.model)
      look()
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
    this.#settled = this.#warmUp()
    await this.#settled
  }

  /** Stops waiting for the results of calls, or forgets the conversation. */
  async forget(cause: string): Promise<void> {
    if (!this.#stages.is('ready', 'held', 'settling')) return
    this.#stages.move('recovering')
    try {
      await this.#empty()
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

  async #prepare(
    turn: Opening & { lineages: readonly string[] },
    way: Way,
    signal: AbortSignal,
  ): Promise<void> {
    const wasHeld = this.stage === 'held'
    this.#stages.move('opening')
    const look = (): void => throwIfLeft(signal)
    const parts = this.#parts(look)
    try {
      if (way.kind === 'continue') {
        if (!wasHeld) await this.#untilSettled()
        look()
        await this.#settings.apply(turn, 'open')
      } else {
        this.heldCalls = []
        await this.#bringTo(turn, way, parts)
      }
      // The last check before the request is sent.
      look()
    } catch (error) {
      // The client left between two steps. If nothing was put into the process, it is unchanged.
      if (way.kind !== 'continue') this.transcript.doubt()
      if (wasHeld && way.kind === 'continue') this.#stages.move('held')
      else this.#rest()
      throw error
    }
  }

  async #bringTo(
    turn: Opening & { lineages: readonly string[] },
    way: Exclude<Way, { kind: 'continue' }>,
    parts: OpeningParts,
  ): Promise<void> {
    if (way.kind === 'open') {
      await this.#empty()
      this.exchanges = 0
      parts.look()
      await this.#open(parts, turn)
      return
    }
    if (way.kind === 'extend') await this.#untilSettled()
    else await this.#rewind(way.cut)
    parts.look()
    await this.#settings.apply(turn, 'open')
    await putHistory(parts, turn, way.kind === 'extend' ? way.keep : way.cut.keep)
  }

  async #open(parts: OpeningParts, turn: Opening & { lineages: readonly string[] }): Promise<void> {
    if (!this.#dependencies.kind.answersCalls) {
      await openConversation(parts, turn)
      return
    }
    // A run gets its system prompt at the start, and its gate is always open.
    await this.#settings.apply({ ...turn, system: '' }, 'open')
    await putUnasked(parts, turn.history, turn.model)
  }

  #parts(look: () => void): OpeningParts {
    const { transcript } = this
    const offer = (tools: Opening['tools']): Promise<void> =>
      this.#link.step(
        this.#toolbox.offer(tools, () => this.#channel.toolNames()),
        this.#dependencies.startTimeout,
      )
    return { channel: this.#channel, settings: this.#settings, offer, transcript, look }
  }

  /** Rewinds the process to nothing. */
  async #empty(): Promise<void> {
    if (this.transcript.isEmpty) {
      await this.#untilSettled()
      return
    }
    const { whole } = this.transcript
    if (whole === undefined) throw this.#unusable('its conversation can not be cut away')
    await this.#rewind(whole)
  }

  async #rewind(cut: Cut): Promise<void> {
    const isCut = await this.#channel.rewind(cut, this.transcript.newest)
    if (!isCut) throw this.#unusable('it refused to rewind')
    this.#toolbox.reset()
    this.heldCalls = []
    await this.#untilSettled()
    this.transcript.cut(cut)
  }

  /** The runtime needs some milliseconds to tidy up after a reply. */
  async #untilSettled(): Promise<void> {
    await this.#link.within(this.#settled, SETTLE_MILLISECONDS)
  }

  #unusable(cause: string): ApiError {
    this.close(cause, new RuntimeEnded(cause), 'kill')
    return this.end?.error ?? new RuntimeEnded(cause)
  }

  #begin(
    turn: Turn,
    settled: Promise<void>,
    cuts: Pick<Flight, 'cut' | 'prompt'>,
    receiver: Receiver,
  ): Flight {
    const { kind } = this.#dependencies
    const reader = kind.createReader(this.#toolbox.names)
    const isPrefilled = turn.prompt.length === 0
    const leave = (reason: ApiError): void => this.#leave(flight, reason)
    const flight: Flight = {
      turn,
      receiver,
      exchange: new Exchange(reader, isPrefilled, leave, receiver.reply),
      diagnosis: new Diagnosis(),
      settled,
      ...cuts,
    }
    this.#flight = flight
    this.#hasAsked = true
    this.#settled = settled
    this.#turns += 1
    this.#givenUp = new Deferred()
    this.heldCalls = []
    this.isForced = turn.isForced
    this.#stages.move('asking')
    void this.#endWithoutReply(flight)
    receiver.reply?.handOver(leave)
    return flight
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
    const flight = this.#flight
    switch (message.type) {
      case 'stream_event':
        if (message.parent_tool_use_id === null && flight) this.#receiveEvent(flight, message.event)
        return
      case 'assistant':
        flight?.exchange.reply.nameRequest(message.request_id)
        if (flight) this.#receiveAssistant(flight, message)
        return
      case 'rate_limit_event':
        this.#rateLimit = message.rate_limit_info
        this.#dependencies.onRateLimits?.(rateLimitsIn(message.rate_limit_info))
        return
      default:
        this.#channel.receive(message)
    }
  }

  #receiveEvent(flight: Flight, event: ReplyEvent): void {
    this.#hasResults = false
    if (!flight.diagnosis.hasLeft) {
      flight.diagnosis.hasLeft = true
      this.#noteSent(flight)
    }
    this.#watchForSilence(flight)
    const outcome = flight.exchange.read(event)
    if (outcome) this.#conclude(flight, outcome)
  }

  #receiveAssistant(flight: Flight, message: Extract<SDKMessage, { type: 'assistant' }>): void {
    if ('is_api_error_message' in message) {
      // After a refusal the runtime adds a message of its own before the API's last events.
      const { hasBegun } = flight.exchange.reply
      if (message.message.stop_reason === 'refusal' && hasBegun) return
      void this.#fail(flight, failureIn(message))
      return
    }
    const [block] = message.message.content
    if (block?.type === 'fallback') flight.exchange.readFallback(block)
  }

  async #fail(flight: Flight, failure: Failure): Promise<void> {
    if (this.#flight !== flight) return
    this.#failing = flight
    this.#release()
    const { exchange, diagnosis } = flight
    const wasBarred = isBarred(failure)
    // Once the reply has begun, the diagnostics are about a broken stream, not about an answer.
    const hasAnswer = (wasBarred || failure.status !== undefined) && !exchange.reply.hasBegun
    const answer = hasAnswer ? await diagnosis.awaitAnswer(this.exited) : undefined
    this.#failing = undefined
    const told = wasBarred && answer ? { status: answer.status, text: '' } : failure
    // What made the runtime ask again it remembers: see `#release`.
    if (wasBarred) this.#retirement ??= 'it was kept from asking twice'
    const again = wasBarred && answer && turnToAskAgain(flight, answer)
    const lastBlock = exchange.reply.soFar()?.content.at(-1)?.type
    if (again) flight.receiver.askAgain?.(again, exchange.reply)
    else if (isUnreadableCall(failure, lastBlock)) exchange.fail(unreadableCall())
    else exchange.fail(toApiError(told, answer, this.#retryAfter(told, diagnosis)))
    if (told.status === 401 || failure.kind === 'authentication_failed') {
      this.retire('the login failed')
      this.#dependencies.onLoginFailure?.()
    }
    await this.#recover(flight, 'finishes', `the API answered ${told.status ?? 'nothing'}`)
  }

  #noteSent({ exchange, turn }: Flight): void {
    exchange.sent.resolve()
    clearTimeout(this.#gateTimer)
    const { kind, models } = this.#dependencies
    if (kind.answersCalls) return
    // A refusal comes sooner than a reply. A model that never answered may not be there at all.
    const isAtOnce = turn.mayBeRepaired || kind.repairsAny || !models.hasAnswered(turn.model)
    if (isAtOnce) void this.#setGate('closed')
    else if (kind.needsGate) {
      this.#gateTimer = setTimeout(() => void this.#setGate('closed'), GATE_MILLISECONDS)
    }
  }

  /** In a run no event comes while a tool works, and a tool may work for any time. */
  #watchForSilence(flight: Flight): void {
    const { kind, nextEventTimeout } = this.#dependencies
    if (kind.answersCalls) return
    // One timer per event would cost more than the rest of the work on the event.
    if (this.#silence !== undefined) {
      this.#silence.refresh()
      return
    }
    this.#silence = setTimeout(() => {
      flight.exchange.fail(fellSilent())
      this.#conclude(flight, {
        kind: 'dropped',
        cause: 'the reply fell silent',
        runtime: 'goes on',
      })
    }, nextEventTimeout)
  }

  /** The reader gave up the reply: the client left, or the reply did not begin in time. */
  #leave(flight: Flight, reason: ApiError): void {
    flight.exchange.sent.reject(reason)
    this.#conclude(flight, { kind: 'dropped', cause: reason.message, runtime: 'goes on' })
  }

  /** A run ends with its message. A turn must not end without a reply: that is an error. */
  async #endWithoutReply(flight: Flight): Promise<void> {
    await flight.settled
    if (this.#flight === flight) this.#conclude(flight, flight.exchange.finish())
  }

  #conclude(flight: Flight, outcome: Outcome): void {
    if (this.#flight !== flight) return
    if (flight.exchange.reply.hasBegun) this.#dependencies.models.answered(flight.turn.model)
    this.#release()
    switch (outcome.kind) {
      case 'kept':
      case 'held': {
        const { content } = outcome
        const lineage = extendLineage(flight.turn.promptLineage, { role: 'assistant', content })
        this.transcript.add({ role: 'assistant', lineage })
        this.exchanges += 1
        if (outcome.kind === 'kept') {
          this.#stages.move('settling')
          void this.#settle()
          return
        }
        this.heldCalls = outcome.calls
        void this.#setGate('open')
        this.#stages.move('held')
        return
      }
      case 'over':
        void this.#recover(flight, 'finishes')
        return
      case 'dropped':
        void this.#recover(flight, outcome.runtime, outcome.cause)
        return
      default:
        throw new Error(`Unknown outcome ${String(outcome satisfies never)}.`)
    }
  }

  #release(): void {
    // The runtime remembers why it asked again: after a 400 about effort it never sends an effort
    // again (measured with 2.1.332). So the process is replaced.
    const isAskedOnce = !this.#dependencies.kind.answersCalls
    if (isAskedOnce && (this.#flight?.diagnosis.requests ?? 0) > 1) {
      this.#retirement ??= 'it asked twice'
    }
    this.#flight = undefined
    this.lastUsed = performance.now()
    clearTimeout(this.#gateTimer)
    clearTimeout(this.#silence)
    this.#silence = undefined
  }

  /** Call it after a reply that is kept; the next turn may already have come. */
  async #settle(): Promise<void> {
    try {
      await this.#untilSettled()
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
    { cut, prompt, settled }: Flight,
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
      await this.#link.within(settled, SETTLE_MILLISECONDS)
      if (prompt !== undefined && cancelled.has(prompt.target)) this.transcript.cut(prompt)
      else if (cut === undefined) throw this.#unusable('there is no position to go back to')
      else await this.#rewind(cut)
      // A conversation that went whole would be told once more; the next turn opens the gate with its own.
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

  #diagnose(line: string): void {
    this.#count?.read(line)
    this.#failing?.diagnosis.read(line)
    const flight = this.#flight
    if (flight === undefined) return
    const news = flight.diagnosis.read(line)
    if (news === 'request sent') this.#noteSent(flight)
    const { answer } = flight.diagnosis
    // The runtime renews the login and asks again.
    if (news === 'request failed' && answer?.status === 401) void this.#setGate('open')
    if (news !== 'request failed' || answer === undefined || !isAskedAgain(answer)) return
    const { models, onLoginFailure } = this.#dependencies
    models.refused(flight.turn.model)
    const failure = { status: answer.status, text: '' }
    if (this.#settings.isClosed) void this.#fail(flight, failure)
    // On a busy machine the interrupt may come too late.
    else this.close(`the API answered ${answer.status}`, toApiError(failure, answer), 'kill')
    if (answer.status === 403) onLoginFailure?.()
  }

  /** Seconds: the API's own `retry-after`, or else the time until the plan window resets. */
  #retryAfter({ status }: Failure, { retryAfter }: Diagnosis): number | undefined {
    if (retryAfter !== undefined) return retryAfter
    const { status: verdict, resetsAt } = this.#rateLimit ?? {}
    if (status !== 429 || verdict !== 'rejected' || resetsAt === undefined) return undefined
    return Math.max(1, Math.ceil(resetsAt - Date.now() / 1000))
  }

  /** Holds the runtime back if it would continue after calls that the client did not answer. */
  async #holdBack(): Promise<Record<string, never>> {
    if (!this.#hasResults) await this.#givenUp.promise
    return {}
  }

  #ended({ cause, error }: End): void {
    this.#dependencies.onEvent('ended', cause)
    const flight = this.#flight
    this.#release()
    flight?.exchange.fail(error)
    this.#givenUp.resolve()
    this.transcript.doubt()
    this.#stages.move('ended')
  }
}

/**
 * How a turn is asked once more that the runtime was kept from asking again by itself; undefined if the
 * API's refusal is for the client.
 *
 * - The login was refused: the runtime would have asked with the renewed one, and another process has that.
 * - Thoughts are bound to another conversation: what the runtime adds in front of them is not what it was,
 *   the date for one, so that the client can't mend it. They are left out.
 */
function turnToAskAgain({ turn, receiver }: Flight, answer: Diagnosed): Turn | undefined {
  if (receiver.askAgain === undefined) return undefined
  if (answer.status === 401) return turn
  if (!turn.mayLoseThoughts || !isBoundElsewhere(answer)) return undefined
  // No other conversation shares a beginning with it.
  const lineages = turn.lineages.map(() => newUuid())
  return {
    ...turn,
    history: withoutThoughts(turn.history),
    lineages,
    lineage: lineages.at(-1) ?? turn.lineage,
  }
}

function fellSilent(): ApiError {
  return new ApiError(
    'timeout_error',
    'The reply stopped: no further event came in time (next_event_timeout).',
  )
}
