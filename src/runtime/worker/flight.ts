import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk'

import type { ReplyEvent } from '../../api/types.ts'
import { ApiError } from '../../errors.ts'
import type { Turn } from '../../plan/turn.ts'
import type { Reply } from '../../stream/reply.ts'
import type { AnsweredModels } from './answered-models.ts'
import { turnToAskAgain } from './asked-again.ts'
import type { WorkerKind } from './blueprint.ts'
import { Diagnosis } from './diagnosis.ts'
import { Exchange, type Outcome } from './exchange.ts'
import {
  type Failure,
  failureIn,
  isAskedAgain,
  isBarred,
  isDropped,
  isUnreadableCall,
  toApiError,
  unreadableCall,
} from './failures.ts'
import type { Gate } from './settings.ts'
import type { Cut } from './transcript.ts'

/** Where the reply to a turn goes. */
export type Receiver = {
  /** A reply that another worker was refused; absent if it is a new one. */
  reply?: Reply
  /** Sends a turn to any worker, for the reply of this one. Absent if it must not be repeated. */
  askAgain?: (turn: Turn, reply: Reply) => void
  /** How often the turn was repeated already; 0 by default. */
  asked?: number
}

/** The parts of a worker's dependencies that a turn in flight uses. */
export type FlightDependencies = {
  kind: WorkerKind
  /** Shared by all workers of a proxy. */
  models: AnsweredModels
  /** Time limit between two events of a reply, in milliseconds. */
  nextEventTimeout: number
  /** Called if the API refused the login: other processes may have the same one. */
  onLoginFailure?: () => void
}

/** The process that a turn is in flight on. */
export type FlightHost = {
  /** Whether the process has acknowledged that the gate is closed. */
  readonly isGateClosed: boolean
  /** Resolves when the process is gone. */
  readonly exited: Promise<unknown>
  /** Sets the gate. A process that has ended ignores it. */
  setGate: (gate: Gate) => void
  /** Seconds until the plan lets requests pass again; undefined if that is not known. */
  secondsUntilReset: () => number | undefined
  /**
   * The flight is over: the process is in the state of the outcome. Resolves when it is ready for the
   * next turn, or has ended.
   */
  landed: (flight: Flight, outcome: Outcome) => Promise<void>
  /** Replaces the process as soon as no turn uses it. */
  retireLater: (cause: string) => void
  /** Ends the process before it can ask again. */
  kill: (cause: string, error: ApiError) => void
}

export type FlightInput = {
  turn: Turn
  receiver: Receiver
  /** The names of the client's tools. */
  toolNames: ReadonlySet<string>
  /** Whether the process may have kept a connection to the API from an earlier request. */
  hasConnection: boolean
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

/**
 * One turn on one process, from its request until the state of the process is known.
 *
 * It reads the messages and diagnostics of the process, closes the gate once the request was sent,
 * and lands once, with one outcome. After a failure it still waits for the diagnostics, which have
 * the API's own words.
 */
export class Flight {
  readonly turn: Turn
  readonly exchange: Exchange
  readonly settled: Promise<void>
  readonly cut: Cut | undefined
  readonly prompt: Cut | undefined
  /** Whether the API answered, so that the process may have kept the connection. */
  wasAnswered = false
  readonly #receiver: Receiver
  readonly #hasConnection: boolean
  readonly #dependencies: FlightDependencies
  readonly #host: FlightHost
  readonly #diagnosis = new Diagnosis()
  #state: 'reading' | 'failing' | 'over' = 'reading'
  #gateTimer: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined

  constructor(input: FlightInput, dependencies: FlightDependencies, host: FlightHost) {
    const { turn, receiver, toolNames, hasConnection, settled, cut, prompt } = input
    this.turn = turn
    this.settled = settled
    this.cut = cut
    this.prompt = prompt
    this.#receiver = receiver
    this.#hasConnection = hasConnection
    this.#dependencies = dependencies
    this.#host = host
    const reader = dependencies.kind.createReader(toolNames)
    const isPrefilled = turn.prompt.length === 0
    this.exchange = new Exchange(
      reader,
      isPrefilled,
      (reason) => this.#leave(reason),
      receiver.reply,
    )
  }

  /** Call it once the host is ready for the outcome: the client may have left already. */
  begin(): void {
    void this.#endWithoutReply()
    this.#receiver.reply?.handOver((reason) => this.#leave(reason))
  }

  /** Takes an event of the reply. */
  receiveEvent(event: ReplyEvent): void {
    if (this.#state !== 'reading') return
    if (!this.#diagnosis.hasLeft) {
      this.#diagnosis.hasLeft = true
      this.#noteSent()
    }
    this.#watchForSilence()
    const outcome = this.exchange.read(event)
    if (outcome) this.#land(outcome)
  }

  /** Takes a message that the runtime made of the reply, or of its failure. */
  receiveAssistant(message: Extract<SDKMessage, { type: 'assistant' }>): void {
    if (this.#state !== 'reading') return
    const { reply } = this.exchange
    reply.nameRequest(message.request_id)
    if ('is_api_error_message' in message) {
      // After a refusal the runtime adds a message of its own before the API's last events.
      if (message.message.stop_reason === 'refusal' && reply.hasBegun) return
      void this.#fail(failureIn(message))
      return
    }
    const [block] = message.message.content
    if (block?.type === 'fallback') this.exchange.readFallback(block)
  }

  /** Takes a line of the runtime's diagnostics. */
  diagnose(line: string): void {
    if (this.#state === 'over') return
    const news = this.#diagnosis.read(line)
    if (this.#state === 'failing') return
    if (news === 'request sent') this.#noteSent()
    if (news === 'fields sent') this.#checkFields()
    const { answer } = this.#diagnosis
    if (news !== 'request failed' || answer === undefined) return
    // The runtime renews the login and asks again.
    if (answer.status === 401) this.#host.setGate('open')
    if (!isAskedAgain(answer)) return
    const { models, onLoginFailure } = this.#dependencies
    models.refused(this.turn.model)
    const failure = { status: answer.status, text: '' }
    if (this.#host.isGateClosed) void this.#fail(failure)
    // On a busy machine the interrupt may come too late.
    else this.#host.kill(`the API answered ${answer.status}`, toApiError(failure, answer))
    if (answer.status === 403) onLoginFailure?.()
  }

  /** Call it if the process has ended. */
  lose(error: ApiError): void {
    if (this.#state !== 'reading') return
    this.#stopReading('over')
    this.exchange.fail(error)
  }

  async #fail(failure: Failure): Promise<void> {
    if (this.#state !== 'reading') return
    this.#stopReading('failing')
    const { exchange } = this
    const wasBarred = isBarred(failure)
    const wasDropped = isDropped(failure)
    this.wasAnswered = wasBarred || failure.status !== undefined
    // Once the reply has begun, the diagnostics are about a broken stream, not about an answer.
    const isDiagnosed = (this.wasAnswered || wasDropped) && !exchange.reply.hasBegun
    if (isDiagnosed) await this.#diagnosis.awaitEnd(this.#host.exited)
    const answer = isDiagnosed ? this.#diagnosis.answer : undefined
    this.#state = 'over'
    const reported = wasBarred && answer ? { status: answer.status, text: '' } : failure
    // The runtime remembers what made it ask again: see `#stopReading`.
    if (wasBarred) this.#host.retireLater('it was stopped before a second request')
    const { askAgain, asked = 0 } = this.#receiver
    const refusal = {
      answer: wasBarred ? answer : undefined,
      wasIdle: wasDropped && this.#hasConnection && this.#diagnosis.isUnanswered,
    }
    const again = askAgain && turnToAskAgain(this.turn, refusal, asked)
    const lastBlock = exchange.reply.soFar()?.content.at(-1)?.type
    if (isUnreadableCall(failure, lastBlock)) exchange.fail(unreadableCall())
    else if (!again) exchange.fail(toApiError(reported, answer, this.#retryAfter(reported)))
    if (reported.status === 401 || failure.kind === 'authentication_failed') {
      this.#host.retireLater('the login failed')
      this.#dependencies.onLoginFailure?.()
    }
    const cause = `the API answered ${reported.status ?? 'nothing'}`
    const ready = this.#host.landed(this, { kind: 'dropped', cause, runtime: 'finishes' })
    if (!again) return
    // This process has no idle connection any more: if it can serve the turn, it should.
    await ready
    askAgain(again, exchange.reply)
  }

  #noteSent(): void {
    this.exchange.sent.resolve()
    clearTimeout(this.#gateTimer)
    const { kind, models } = this.#dependencies
    if (kind.answersCalls) return
    // A refusal comes sooner than a reply. A model that never answered may not be there at all.
    const isAtOnce =
      this.turn.mayBeRepaired || kind.repairsAny || !models.hasAnswered(this.turn.model)
    if (isAtOnce) this.#host.setGate('closed')
    else if (kind.needsGate) {
      this.#gateTimer = setTimeout(() => this.#host.setGate('closed'), GATE_MILLISECONDS)
    }
  }

  /**
   * Claude Code leaves out the whole extra body under a policy for HIPAA (read in 2.1.332). Then it has
   * asked something else, and the reply is not for the client.
   */
  #checkFields(): void {
    const { maxTokens } = this.turn
    if (maxTokens === undefined || this.#diagnosis.maxTokens === maxTokens) return
    this.#host.kill("it did not send the request's fields", fieldsNotSent())
  }

  /** In a run no event comes while a tool works, and a tool may work for any time. */
  #watchForSilence(): void {
    const { kind, nextEventTimeout } = this.#dependencies
    if (kind.answersCalls) return
    // One timer per event would cost more than the rest of the work on the event.
    if (this.#silence !== undefined) {
      this.#silence.refresh()
      return
    }
    this.#silence = setTimeout(() => {
      this.exchange.fail(fellSilent())
      this.#land({ kind: 'dropped', cause: 'the reply fell silent', runtime: 'goes on' })
    }, nextEventTimeout)
  }

  /** The reader gave up the reply: the client left, or the reply did not begin in time. */
  #leave(reason: ApiError): void {
    this.exchange.sent.reject(reason)
    this.#land({ kind: 'dropped', cause: reason.message, runtime: 'goes on' })
  }

  /** A run ends with its message. A turn must not end without a reply: that is an error. */
  async #endWithoutReply(): Promise<void> {
    await this.settled
    if (this.#state === 'reading') this.#land(this.exchange.finish())
  }

  #land(outcome: Outcome): void {
    if (this.#state !== 'reading') return
    this.wasAnswered = this.exchange.reply.hasBegun
    if (this.wasAnswered) this.#dependencies.models.answered(this.turn.model)
    this.#stopReading('over')
    void this.#host.landed(this, outcome)
  }

  #stopReading(state: 'failing' | 'over'): void {
    this.#state = state
    clearTimeout(this.#gateTimer)
    clearTimeout(this.#silence)
    // The runtime remembers why it asked again: after a 400 about effort it never sends an effort
    // again (measured with 2.1.332). So the process is replaced.
    const isAskedOnce = !this.#dependencies.kind.answersCalls
    if (isAskedOnce && this.#diagnosis.requests > 1)
      this.#host.retireLater('it sent a second request')
  }

  /** Seconds: the API's own `retry-after`, or else the time until the plan window resets. */
  #retryAfter({ status }: Failure): number | undefined {
    if (this.#diagnosis.retryAfter !== undefined) return this.#diagnosis.retryAfter
    return status === 429 ? this.#host.secondsUntilReset() : undefined
  }
}

function fieldsNotSent(): ApiError {
  return new ApiError(
    'api_error',
    "Claude Code did not send this request's fields, so its reply was discarded. It ignores them if your " +
      "organization's policy turns off experimental betas (HIPAA). The proxy can not be used under that policy.",
    { status: 502 },
  )
}

function fellSilent(): ApiError {
  return new ApiError(
    'timeout_error',
    'The reply stopped: no further event came in time (next_event_timeout).',
  )
}
