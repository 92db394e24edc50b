import {
  type Options,
  type Query,
  query,
  type SDKMessage,
  type SDKRateLimitInfo,
  type SDKUserMessage,
} from '@anthropic-ai/claude-agent-sdk'

import type { ContentBlock, Message, ReplyEvent } from '../api/types.ts'
import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'
import { extendLineage } from '../plan/lineage.ts'
import type { CallAnswer } from '../plan/resolution.ts'
import type { Opening, Turn, TurnSettings } from '../plan/turn.ts'
import { createFold, type Fold } from '../stream/fold.ts'
import { Deferred } from '../deferred.ts'
import { type ContextCount, contextCount, countFailureIn } from './context-count.ts'
import {
  type Diagnosed,
  diagnosedIn,
  type Failure,
  RuntimeEnded,
  RuntimeHung,
  toApiError,
} from './failures.ts'
import { InputQueue } from './input-queue.ts'
import type { Launcher } from './launcher.ts'
import { rateLimitsIn } from './rate-limits.ts'
import { Reply } from './reply.ts'
import type { Ending, ReplyReader } from './reply-watch.ts'
import { settingsEnvironment } from './settings.ts'
import { replayedAssistant, replayedUser, userPrompt } from './sdk-messages.ts'
import type { RuntimeProcess } from './runtime-process.ts'
import { Toolbox } from './toolbox.ts'

export type SessionState = 'opening' | 'asking' | 'idle' | 'held' | 'closed'

/** What sessions of a kind have in common. */
export type SessionKind = {
  options: Options
  systemPrompt: (system: string) => NonNullable<Options['systemPrompt']>
  /** Whether the runtime may go on after calls that it answered itself. */
  answersCalls: boolean
  createReader: (clientTools: ReadonlySet<string>) => ReplyReader
}

export type SessionDependencies = {
  launcher: Launcher
  kind: SessionKind
  version: string
  /** Milliseconds that the process may take for a step before the request is on its way. */
  startTimeout: number
  /** Milliseconds for which a reply that began may be silent. */
  nextEventTimeout: number
  /** Called when the session became idle, held or closed. */
  onStateChange: (session: Session) => void
  /** Called with the state of the plan, which comes with each reply under a subscription. */
  onRateLimits?: (limits: RateLimits) => void
}

/** The turn that is being answered. */
type Asking = {
  reply: Reply
  /** Settled when the request has left the runtime, or never will. */
  sent: Deferred<void>
  reader: ReplyReader
  fold: Fold
  /** The lineage before the reply, the prompt included. */
  lineage: string
  ending: Ending | undefined
  /** The reply goes on with the one before: the client will send them back as one. */
  isGoingOn: boolean
  /** What a process would need to carry on from the reply can't be told from its events. */
  isUnclear: boolean
  /** The index of the next content block. */
  nextIndex: number
}

/**
 * How long the gate stays open after the request has left. Closing it takes the runtime some 10 ms of
 * work, which fit into the time that the API thinks; a reply that is there sooner is read first.
 */
const GATE_MILLISECONDS = 25

/** How long the output of a process that is gone may take to be read. */
const LAST_WORDS_MILLISECONDS = 500

/** How long a failed turn waits for the diagnostics that have the API's own words. */
const DIAGNOSTICS_MILLISECONDS = 200

/**
 * A process of the runtime that carries one conversation.
 *
 * opening → asking → idle (the next turn may be asked) or held (waits for tool results) → … →
 * closed. It is closed once, with one cause, whatever else fails after that.
 */
export class Session {
  /** Names what the process holds, while it is idle or held. */
  lineage = ''
  /** The calls that the process waits for, while it is held. */
  heldCalls: readonly string[] = []
  /** What ended the session, once it is closed. */
  cause: string | undefined
  /** What a turn under way was told then. */
  error: ApiError | undefined
  #state: SessionState = 'opening'
  readonly #dependencies: SessionDependencies
  readonly #toolbox: Toolbox | undefined
  readonly #input = new InputQueue<SDKUserMessage>()
  readonly #query: Query
  #process: RuntimeProcess | undefined
  /** Rejects when the session is closed, so that nothing waits for a process that is gone. */
  readonly #failed = new Deferred<never>()
  #asking: Asking | undefined
  /** The turn that failed, while it is being found out how. */
  #failing: Asking | undefined
  #acknowledged: Deferred<void> | undefined
  #settled: Deferred<void> | undefined
  #isInitialized = false
  /** What was replayed last is a turn of the assistant, which the runtime takes in without a word. */
  #endsWithAssistant = false
  #applied: TurnSettings | undefined
  #gatePosition: 'open' | 'closed' = 'open'
  #gateTimer: NodeJS.Timeout | undefined
  /** Runs out when a reply was silent for too long. */
  #silence: NodeJS.Timeout | undefined
  #diagnosed: Diagnosed | undefined
  #onDiagnosed: Deferred<void> | undefined
  #countFailure: ApiError | undefined
  #rateLimit: SDKRateLimitInfo | undefined
  /** Whether the request of the turn has left the runtime. */
  #isOnItsWay = false
  /** Whether the runtime may go on after the calls of a reply: only when the client answered them. */
  #mayGoOn = false

  constructor(
    { system, tools }: Pick<Opening, 'system' | 'tools'>,
    dependencies: SessionDependencies,
  ) {
    this.#dependencies = dependencies
    this.#failed.promise.catch(() => {})
    this.#toolbox = tools.length === 0 ? undefined : new Toolbox(tools, dependencies.version)
    this.#query = query({
      prompt: this.#input,
      options: {
        ...dependencies.kind.options,
        systemPrompt: dependencies.kind.systemPrompt(system),
        ...(this.#toolbox && { mcpServers: { [this.#toolbox.server.name]: this.#toolbox.server } }),
        ...(!dependencies.kind.answersCalls && {
          hooks: { PostToolBatch: [{ hooks: [() => this.#gate()] }] },
        }),
        spawnClaudeCodeProcess: ({ command, args, cwd, env }) => {
          this.#process = dependencies.launcher.take({ command, args, cwd, env })
          this.#process.onDiagnostic((line) => this.#diagnose(line))
          void this.#endWith(this.#process)
          if (this.#state === 'closed') this.#process.stop()
          return this.#process.child
        },
      },
    })
    void this.#pump()
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<unknown> {
    return this.#process?.exited ?? Promise.resolve()
  }

  /** Whether a turn is under way whose reply has not begun. */
  get isUrgent(): boolean {
    return this.#state === 'opening' || this.#asking?.reply.hasBegun === false
  }

  get state(): SessionState {
    return this.#state
  }

  /**
   * Tells the process all that it can be told before it knows a conversation: what it was started
   * for is then done when one comes.
   *
   * @throws ApiError where the process fails on the way
   */
  async openAhead(settings: TurnSettings, model: string): Promise<void> {
    await this.#initialize(settings, model)
    // What the runtime looks up for its first turn, it looks up for this. Nothing goes upstream.
    await this.#inTime(this.#query.getContextUsage({ detail: 'summary' }))
    await this.#askAsideInVain()
  }

  /**
   * Brings the process to the state before the turn's prompt.
   *
   * @throws ApiError where the process fails on the way
   */
  async open(turn: Opening): Promise<void> {
    await this.#initialize(turn.settings, turn.model)
    const { history, model } = turn
    // What the runtime adds to the last turn of the user it adds when that is asked.
    const asked = isGoingOn(turn) ? history.findLastIndex(({ role }) => role === 'user') : -1
    for (const [index, message] of history.entries()) {
      if (index === asked) await this.#askInVain(message)
      else await this.#replay(message, model)
    }
  }

  /**
   * Readies a process that carries the conversation already for one more turn of it.
   *
   * @throws ApiError where the process fails on the way: nothing was asked then
   */
  async prepare(turn: Turn): Promise<void> {
    this.#state = 'opening'
    // The runtime tidies up for some milliseconds after a reply.
    await this.#inTime(this.#settled?.promise ?? Promise.resolve())
    await this.#apply(turn.settings)
  }

  /**
   * Asks the turn's prompt. The process must be in the state that the turn's lineage names.
   *
   * @returns the reply, once the request is on its way
   * @throws ApiError where it never was: nothing was asked then
   */
  async ask(turn: Turn): Promise<Reply> {
    const { reply, sent } = this.#begin(turn)
    this.#input.push(userPrompt(turn.prompt))
    await this.#untilSent(sent.promise)
    return reply
  }

  /** Gives the held calls their answers; the reply, as of `ask`, is what the model says to them. */
  async resolve(turn: Turn, answers: ReadonlyMap<string, CallAnswer>): Promise<Reply> {
    const { reply, sent } = this.#begin(turn)
    this.#mayGoOn = true
    this.#toolbox?.answer(answers)
    await this.#untilSent(sent.promise)
    return reply
  }

  /**
   * Has the API count what the process holds. That is not billed, and nothing is said of it.
   *
   * @throws ApiError where the API did not count
   */
  async count(): Promise<ContextCount> {
    // An empty turn is acknowledged once all before it is taken in, and is left out of the count.
    if (this.#endsWithAssistant) await this.#replay({ role: 'user', content: [] }, '')
    const usage = await this.#orFailed(this.#query.getContextUsage({ detail: 'full' }))
    // Where the API does not count, the runtime makes a guess, and says so in its diagnostics alone.
    // They come by another pipe: after one more question, to which it knows the answer, they are here.
    await this.#orFailed(this.#query.getContextUsage({ detail: 'summary' }))
    if (this.#countFailure !== undefined) throw this.#countFailure
    return contextCount(usage)
  }

  /**
   * Ends the session and its process. A reply under way ends with the error.
   *
   * @param how `'kill'` where the process is about to do what it must not
   */
  close(cause: string, error: ApiError = sessionEnded(cause), how: 'stop' | 'kill' = 'stop'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#gateTimer)
    clearTimeout(this.#silence)
    if (how === 'kill') this.#process?.kill()
    else this.#process?.stop()
    this.#input.close()
    for (const asking of [this.#asking, this.#failing]) {
      asking?.sent.reject(error)
      asking?.reply.end(error)
    }
    this.#asking = undefined
    this.#failing = undefined
    this.#failed.reject(error)
    this.#settled?.resolve()
    this.cause = cause
    this.error = error
    this.#dependencies.onStateChange(this)
  }

  #begin(turn: Turn): Asking {
    if (this.#state === 'closed') throw this.error ?? sessionEnded('closed before the prompt')
    const reply = new Reply(() => this.close('the client left'))
    const sent = new Deferred<void>()
    sent.promise.catch(() => {})
    this.#asking = {
      reply,
      sent,
      reader: this.#dependencies.kind.createReader(this.#toolbox?.names ?? new Set()),
      fold: createFold(),
      lineage: extendLineage(turn.lineage, { role: 'user', content: turn.prompt }),
      ending: undefined,
      isGoingOn: isGoingOn(turn),
      isUnclear: false,
      nextIndex: 0,
    }
    this.#state = 'asking'
    this.heldCalls = []
    this.#diagnosed = undefined
    this.#isOnItsWay = false
    return this.#asking
  }

  /** The runtime takes what it is told in order: one answer is not waited for before the next. */
  async #initialize(settings: TurnSettings, model: string): Promise<void> {
    if (this.#isInitialized) {
      await this.#apply(settings)
      return
    }
    this.#isInitialized = true
    await Promise.all([
      this.#inTime(this.#query.initializationResult()),
      this.#apply(settings, model),
    ])
  }

  async #apply(settings: TurnSettings, model?: string): Promise<void> {
    const steps: Promise<unknown>[] = []
    const { runtimeThinking } = settings
    if ((this.#applied?.runtimeThinking ?? 'off') !== runtimeThinking) {
      const tokens = runtimeThinking === 'on' ? 1024 : 0
      steps.push(this.#query.setMaxThinkingTokens(tokens))
    }
    if (model !== undefined || JSON.stringify(this.#applied) !== JSON.stringify(settings)) {
      const env = settingsEnvironment(settings, 'open')
      steps.push(this.#query.applyFlagSettings({ ...(model !== undefined && { model }), env }))
    }
    this.#applied = settings
    await Promise.all(steps.map((step) => this.#inTime(step)))
  }

  /**
   * Lets the runtime ask upstream, or keeps it from doing so. Once the request of a turn is on its
   * way, nothing else may be asked before the next turn, whatever the runtime makes of the reply.
   */
  async #setGate(position: 'open' | 'closed'): Promise<void> {
    clearTimeout(this.#gateTimer)
    const { answersCalls } = this.#dependencies.kind
    if (answersCalls || this.#applied === undefined || this.#state === 'closed') return
    if (position === this.#gatePosition) return
    this.#gatePosition = position
    const env = settingsEnvironment(this.#applied, position)
    try {
      await this.#inTime(this.#query.applyFlagSettings({ env }))
    } catch {
      // The session is closed: who waits for it is told why.
    }
  }

  async #replay(message: Message, model: string): Promise<void> {
    this.#endsWithAssistant = message.role === 'assistant'
    if (message.role === 'assistant') {
      // The input takes messages of the assistant too, which the SDK's type does not say.
      this.#input.push(replayedAssistant(message.content, model) as unknown as SDKUserMessage)
      return
    }
    this.#acknowledged = new Deferred()
    this.#input.push(replayedUser(message.content))
    await this.#inTime(this.#acknowledged.promise)
  }

  /** A process that was not asked yet, and does not take a step, is as good as gone. */
  #inTime<T>(step: Promise<T>): Promise<T> {
    return this.#within(this.#orFailed(step), () => new RuntimeHung())
  }

  /** Here it is not known whether the request left: it is not tried again. */
  #untilSent(sent: Promise<void>): Promise<void> {
    return this.#within(sent, () => new ApiError('timeout_error', new RuntimeHung().message))
  }

  async #within<T>(step: Promise<T>, failure: () => ApiError): Promise<T> {
    const timer = setTimeout(
      () => this.close('the process did not answer', failure(), 'kill'),
      this.#dependencies.startTimeout,
    )
    return step.finally(() => clearTimeout(timer))
  }

  /** Asks at the closed gate: nothing goes upstream, and the turn stays in the conversation. */
  async #askInVain({ content }: Message): Promise<void> {
    await this.#setGate('closed')
    this.#acknowledged = new Deferred()
    this.#input.push(userPrompt(content))
    await this.#inTime(this.#acknowledged.promise)
    await this.#setGate('open')
  }

  /**
   * Has the runtime run through a turn once, up to the closed gate: the first time takes it some 30 ms
   * more. A question that is asked aside leaves nothing in the conversation, and nothing goes upstream.
   */
  async #askAsideInVain(): Promise<void> {
    await this.#setGate('closed')
    // The SDK has the method; its types do not say so. The answer is that the gate is closed.
    const { askSideQuestion } = this.#query as Query & {
      askSideQuestion?: (question: string) => Promise<unknown>
    }
    if (this.#gatePosition === 'closed') {
      await this.#inTime(Promise.resolve(askSideQuestion?.call(this.#query, 'ready')))
    }
    await this.#setGate('open')
  }

  async #orFailed<T>(step: Promise<T>): Promise<T> {
    const checked = step.catch((cause: unknown) => {
      const ended = new RuntimeEnded(cause)
      this.close('the process refused', ended)
      throw ended
    })
    return Promise.race([this.#failed.promise, checked])
  }

  async #pump(): Promise<void> {
    try {
      for await (const message of this.#query) this.#receive(message)
      this.close('the process ended', new RuntimeEnded())
    } catch (cause) {
      this.close('the process failed', new RuntimeEnded(cause))
    }
  }

  /** The SDK may wait for more of a process that is gone: what it wrote has been read by then. */
  async #endWith({ exited }: RuntimeProcess): Promise<void> {
    await exited
    if (this.#state === 'closed') return
    await elapsed(LAST_WORDS_MILLISECONDS)
    this.close('the process ended', new RuntimeEnded())
  }

  #receive(message: SDKMessage): void {
    switch (message.type) {
      case 'stream_event':
        if (message.parent_tool_use_id === null) this.#receiveEvent(message.event)
        return
      case 'assistant':
        this.#asking?.reply.nameRequest(message.request_id)
        // That the gate is closed is what was to be heard.
        if ('is_api_error_message' in message && this.#acknowledged) return
        if ('is_api_error_message' in message) void this.#receiveFailure(message)
        else this.#receiveFallback(message)
        return
      case 'result':
        this.#receiveResult()
        return
      case 'rate_limit_event':
        this.#rateLimit = message.rate_limit_info
        this.#dependencies.onRateLimits?.(rateLimitsIn(message.rate_limit_info))
        return
      default:
        return
    }
  }

  #receiveEvent(event: ReplyEvent): void {
    const asking = this.#asking
    // What comes after a whole reply is an answer to something that no one asked.
    if (asking === undefined) return
    this.#mayGoOn = false
    if (!this.#isOnItsWay) this.#noteOnItsWay()
    this.#watchForSilence()
    if (event.type === 'content_block_start') asking.nextIndex = event.index + 1
    const { events, ending } = asking.reader.read(event)
    if (ending !== undefined) asking.ending = ending
    if (ending === 'broken') {
      this.close('the reply broke off', brokenOff(), 'kill')
      return
    }
    for (const passed of events) asking.reply.push(passed)
    if (asking.reader.finish) return
    this.#foldIn(asking, event)
    if (ending === 'reasked') {
      this.#process?.kill()
      asking.reply.push({ type: 'message_stop' })
      asking.reply.end()
      this.close('the reply was cut', undefined, 'kill')
      return
    }
    if (event.type === 'message_stop') this.#finish(asking)
  }

  /** The block that names another model which goes on is the one whose events the runtime keeps. */
  #receiveFallback({ message }: Extract<SDKMessage, { type: 'assistant' }>): void {
    const [block] = message.content
    if (block?.type !== 'fallback' || this.#asking === undefined) return
    const index = this.#asking.nextIndex
    this.#receiveEvent({ type: 'content_block_start', index, content_block: block })
    this.#receiveEvent({ type: 'content_block_stop', index })
  }

  #noteOnItsWay(): void {
    this.#isOnItsWay = true
    this.#asking?.sent.resolve()
    this.#gateTimer = setTimeout(() => void this.#setGate('closed'), GATE_MILLISECONDS)
  }

  /** In a run no event comes while a tool works, which may take any time. */
  #watchForSilence(): void {
    const { kind, nextEventTimeout } = this.#dependencies
    if (kind.answersCalls) return
    clearTimeout(this.#silence)
    this.#silence = setTimeout(
      () => this.close('the reply fell silent', fellSilent()),
      nextEventTimeout,
    )
  }

  #foldIn(asking: Asking, event: ReplyEvent): void {
    if (asking.isUnclear) return
    try {
      asking.fold.push(event)
    } catch {
      asking.isUnclear = true
    }
  }

  #finish(asking: Asking): void {
    this.#asking = undefined
    clearTimeout(this.#gateTimer)
    clearTimeout(this.#silence)
    asking.reply.end()
    if (asking.isUnclear) {
      this.close('its state is not known', undefined, 'kill')
      return
    }
    if (asking.isGoingOn) {
      this.close('its last reply goes on with another', undefined, 'kill')
      return
    }
    switch (asking.ending) {
      case 'whole':
      case 'held': {
        const content = asking.fold.message().content as unknown as ContentBlock[]
        this.lineage = extendLineage(asking.lineage, { role: 'assistant', content })
        this.#settled = new Deferred()
        this.#state = asking.ending === 'held' ? 'held' : 'idle'
        if (asking.ending === 'held') {
          this.heldCalls = asking.reader.callIds
          void this.#settle()
        }
        this.#dependencies.onStateChange(this)
        return
      }
      case 'unanswerable':
        this.close('the runtime can not go on from the reply', undefined, 'kill')
        return
      default:
        this.close(`the reply ended as ${asking.ending}`, undefined, 'kill')
    }
  }

  async #receiveFailure(message: Extract<SDKMessage, { type: 'assistant' }>): Promise<void> {
    // After a refusal the runtime says so in words of its own, before the API's last events.
    if (message.message.stop_reason === 'refusal' && this.#asking?.reply.hasBegun) return
    const failure = failureIn(message)
    const asking = this.#asking
    this.#asking = undefined
    this.#failing = asking
    if (failure.status !== undefined && this.#diagnosed === undefined && !asking?.reply.hasBegun) {
      this.#onDiagnosed = new Deferred()
      await Promise.race([this.#onDiagnosed.promise, elapsed(DIAGNOSTICS_MILLISECONDS)])
    }
    const diagnosed = asking?.reply.hasBegun ? undefined : this.#diagnosed
    const error = toApiError(failure, diagnosed, this.#retryAfter(failure))
    this.close(`the API answered ${failure.status ?? 'nothing'}`, error)
  }

  #receiveResult(): void {
    if (this.#acknowledged) {
      this.#acknowledged.resolve()
      this.#acknowledged = undefined
      return
    }
    if (this.#settled) {
      void this.#settle()
      return
    }
    if (this.#asking) this.#endRun(this.#asking)
  }

  /** The process has nothing left to do for the last turn: the next one may be asked. */
  async #settle(): Promise<void> {
    await this.#setGate('open')
    this.#settled?.resolve()
    this.#settled = undefined
  }

  #endRun(asking: Asking): void {
    const events = asking.reader.finish?.() ?? []
    for (const event of events) asking.reply.push(event)
    if (events.length > 0) asking.reply.end()
    this.close('the runtime ended the turn', noReply())
  }

  #diagnose(line: string): void {
    if (this.#asking && !this.#isOnItsWay && line.includes(REQUEST_SENT)) this.#noteOnItsWay()
    this.#countFailure ??= countFailureIn(line)
    const diagnosed = diagnosedIn(line)
    if (diagnosed === undefined) return
    this.#diagnosed = diagnosed
    this.#onDiagnosed?.resolve()
    // The runtime is about to ask once more, without streaming, whatever it is told.
    if (diagnosed.status === 404 && this.#asking) {
      this.close('the API answered 404', toApiError({ status: 404, text: '' }, diagnosed), 'kill')
    }
  }

  #retryAfter({ status }: Failure): number | undefined {
    const { status: verdict, resetsAt } = this.#rateLimit ?? {}
    if (status !== 429 || verdict !== 'rejected' || resetsAt === undefined) return undefined
    return Math.max(1, Math.ceil(resetsAt - Date.now() / 1000))
  }

  /** Holds the runtime where it would go on after calls that the client did not answer. */
  async #gate(): Promise<Record<string, never>> {
    if (!this.#mayGoOn) await this.#failed.promise
    return {}
  }
}

function isGoingOn(turn: Opening & Partial<Turn>): boolean {
  return turn.prompt?.length === 0
}

/** In the line of the diagnostics that a request is about to be sent; the gate was passed then. */
const REQUEST_SENT = '[API REQUEST]'

function failureIn(message: Extract<SDKMessage, { type: 'assistant' }>): Failure {
  const told = message as unknown as Record<string, unknown>
  const block = message.message.content[0]
  return {
    ...(typeof told['api_error_status'] === 'number' && { status: told['api_error_status'] }),
    ...(typeof told['api_error_type'] === 'string' && { type: told['api_error_type'] }),
    requestId: message.request_id,
    kind: message.error,
    text: block?.type === 'text' ? block.text : '',
  }
}

function sessionEnded(cause: string): ApiError {
  return new ApiError('api_error', `The conversation with the Claude Code runtime ended: ${cause}.`)
}

function brokenOff(): ApiError {
  return new ApiError('api_error', 'The API broke off before the end of its reply.', {
    status: 502,
  })
}

function fellSilent(): ApiError {
  return new ApiError('timeout_error', 'The reply did not go on in time (next_event_timeout).')
}

function noReply(): ApiError {
  return new ApiError('api_error', 'The Claude Code runtime ended the turn without a reply.')
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
