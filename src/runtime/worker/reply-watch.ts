import { openServerCalls } from '../../api/server-calls.ts'
import type { ReplyEvent } from '../../api/types.ts'
import { ApiError } from '../../errors.ts'
import { MessageMerge } from '../../stream/merge.ts'
import { brokenOff } from '../../stream/reply.ts'

/** How a reply ends, and what the runtime does after it. */
export type Ending =
  /** The process is ready for the next turn. */
  | 'whole'
  /** The process ends the turn by itself, and its conversation is of no further use. */
  | 'over'
  /** The process waits for the results of the reply's calls. */
  | 'held'
  /** After the last event the runtime would continue with this reply by itself. */
  | 'unanswerable'
  /** The runtime is about to ask upstream again by itself. */
  | 'reasked'
  /** The API broke off or sent an error. The runtime made up the end, and may ask for the rest. */
  | 'broken'

export type ReadOutcome = {
  /** The events for the client. */
  events: readonly ReplyEvent[]
  /** Comes with the `message_delta` that has the stop reason, or with the last event. */
  ending?: Ending
  /** The error for the client, if the ending is `broken`. */
  error?: ApiError
}

/** Reads the runtime's messages of one turn. */
export type ReplyReader = {
  read: (event: ReplyEvent) => ReadOutcome
  /** The ids of the calls that the client must answer. */
  readonly callIds: readonly string[]
  /** The events that end a run, whose several messages make one reply. */
  readonly finish?: () => readonly ReplyEvent[]
}

/**
 * Reads a reply of one message, and separates the API's events from those that the runtime made up.
 *
 * Rules of the runtime for endings, measured with 2.1.330: it asks again after `max_tokens`, a full
 * context window, or a reply without visible content. It answers a call of an unknown tool itself,
 * and asks again. If a stream breaks inside its first block, the runtime tells the API's error
 * first; after a whole block it sends a `message_stop` without a stop reason instead, and asks for
 * the rest. If `message_start` comes twice, it closes the first message with a `message_delta`
 * without a stop reason and a `message_stop` before it goes on with the second. It ignores content
 * in `message_start`.
 */
export class ReplyWatch implements ReplyReader {
  readonly #knownTools: ReadonlySet<string>
  readonly #calls: { id: string; name: string }[] = []
  readonly #blocks: object[] = []
  #hasStarted = false
  /** Whether `message_start` had content. */
  #hasContentAtStart = false
  #isVisible = false
  #stopReason: string | null = null
  /** `message_delta`s without a stop reason. The next event shows whether the API sent them. */
  #held: ReplyEvent[] = []

  constructor(knownTools: ReadonlySet<string>) {
    this.#knownTools = knownTools
  }

  get callIds(): string[] {
    return this.#calls.map((call) => call.id)
  }

  read(event: ReplyEvent): ReadOutcome {
    switch (event.type) {
      case 'message_start':
        return this.#readStart(event)
      case 'content_block_start':
        this.#noteBlock(event.content_block)
        return { events: this.#withHeld(event) }
      case 'content_block_delta':
        this.#isVisible ||= event.delta.type === 'text_delta' && hasVisibleText(event.delta.text)
        return { events: this.#withHeld(event) }
      case 'content_block_stop':
        return { events: this.#withHeld(event) }
      case 'message_delta':
        return this.#readMessageDelta(event)
      case 'message_stop':
        return this.#readStop(event)
      default:
        return this.#readUnknown(event)
    }
  }

  #readStart(event: Extract<ReplyEvent, { type: 'message_start' }>): ReadOutcome {
    // A gateway may send it twice. Clients accept only one, and the runtime's made-up end of the
    // first is not for them.
    this.#held = []
    if (this.#hasStarted) {
      return this.#blocks.length === 0 ? { events: [] } : broken()
    }
    this.#hasStarted = true
    const { content, stop_reason: stopReason } = event.message
    for (const block of content ?? []) this.#noteBlock(block)
    this.#hasContentAtStart = this.#blocks.length > 0
    this.#stopReason = stopReason ?? null
    return { events: [event] }
  }

  #readMessageDelta(event: Extract<ReplyEvent, { type: 'message_delta' }>): ReadOutcome {
    const stopReason = event.delta?.stop_reason ?? null
    if (stopReason === null && this.#stopReason === null) {
      this.#held.push(event)
      return { events: [] }
    }
    this.#stopReason = stopReason ?? this.#stopReason
    return { events: this.#withHeld(event), ending: this.#endingFor(this.#stopReason) }
  }

  #readStop(event: ReplyEvent): ReadOutcome {
    if (this.#stopReason !== null) {
      return { events: [event], ending: this.#endingFor(this.#stopReason) }
    }
    // Before the first block, this may be the runtime's made-up end of a message that begins twice.
    // Otherwise an error follows.
    if (this.#held.length > 0 && this.#blocks.length === 0) return { events: [] }
    return broken()
  }

  #readUnknown(event: { type: string; error?: unknown }): ReadOutcome {
    if (event.type === 'error') return broken(errorIn(event.error))
    return { events: this.#withHeld(event as ReplyEvent) }
  }

  #noteBlock(block: ReplyBlock): void {
    this.#blocks.push(block)
    if (block.type === 'tool_use') this.#calls.push({ id: block.id, name: block.name })
    this.#isVisible ||= block.type === 'text' ? hasVisibleText(block.text) : !isThought(block.type)
  }

  #withHeld(event: ReplyEvent): ReplyEvent[] {
    if (this.#held.length === 0) return [event]
    return [...this.#held.splice(0), event]
  }

  #endingFor(stopReason: string | null): Ending {
    if (this.#hasContentAtStart) return 'unanswerable'
    if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
      // A call in a reply that was cut is still called, and the runtime waits for its result.
      return this.#calls.length > 0 ? 'unanswerable' : 'reasked'
    }
    if (stopReason === 'refusal') return 'unanswerable'
    // The runtime forgets a call of a server tool that has no result yet.
    if (openServerCalls(this.#blocks).length > 0) return 'unanswerable'
    if (this.#calls.length > 0 || stopReason === 'tool_use') {
      const isKnown = this.#calls.every((call) => this.#knownTools.has(call.name))
      return stopReason === 'tool_use' && this.#calls.length > 0 && isKnown
        ? 'held'
        : 'unanswerable'
    }
    return this.#isVisible ? 'whole' : 'reasked'
  }
}

type ReplyBlock = Extract<ReplyEvent, { type: 'content_block_start' }>['content_block']

function broken(error: ApiError = brokenOff()): ReadOutcome {
  return { events: [], ending: 'broken', error }
}

/** The error of an `error` event, in the API's usual form. */
function errorIn(error: unknown): ApiError {
  const { type, message } = (error ?? {}) as { type?: unknown; message?: unknown }
  return typeof type === 'string' && typeof message === 'string'
    ? new ApiError(type, message)
    : brokenOff()
}

/**
 * Reads a reply to a conversation that was sent as a whole. The turn is over however the reply
 * ends: the process has no tools, and can not send another request. Each turn brings its whole
 * conversation.
 */
export class WholeWatch implements ReplyReader {
  readonly callIds = []
  readonly #watch = new ReplyWatch(new Set())

  read(event: ReplyEvent): ReadOutcome {
    const { ending, ...outcome } = this.#watch.read(event)
    if (ending === undefined || ending === 'broken')
      return { ...outcome, ...(ending && { ending }) }
    return { ...outcome, ending: 'over' }
  }
}

/** Reads a run in which the runtime uses its own tools, as one message. */
export class RunWatch implements ReplyReader {
  readonly callIds = []
  readonly #merge = new MessageMerge()

  read(event: ReplyEvent): { events: ReplyEvent[] } {
    return { events: this.#merge.read(event) }
  }

  finish(): ReplyEvent[] {
    return this.#merge.finish()
  }
}

function hasVisibleText(text: string): boolean {
  return text.trim() !== ''
}

function isThought(type: string): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}
