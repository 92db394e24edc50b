import type { ContentBlock, ReplyEvent } from '../../api/types.ts'
import { Deferred } from '../../deferred.ts'
import { ApiError } from '../../errors.ts'
import { brokenOff, Reply } from '../../stream/reply.ts'
import type { ReplyReader } from './reply-watch.ts'

/** The state of the process after one request upstream and its reply. */
export type Outcome =
  /** The process holds the reply, and is ready for the next turn. */
  | { kind: 'kept'; content: ContentBlock[] }
  /** The process holds the reply, and waits for the results of its calls. */
  | { kind: 'held'; content: ContentBlock[]; calls: readonly string[] }
  /**
   * The process ends the turn by itself, and is then emptied: its conversation is not used again.
   */
  | { kind: 'over' }
  /** The process must be rewound to the state before the prompt. */
  | {
      kind: 'dropped'
      /** For the log. */
      cause: string
      /**
       * - `finishes`: the runtime ends the turn by itself
       * - `asks again`: the runtime is about to send another request, unless the gate is closed
       * - `goes on`: the runtime waits or works; it must be interrupted
       */
      runtime: 'finishes' | 'asks again' | 'goes on'
    }

/**
 * One request upstream and its reply. It reads the events of the process, passes the client's on,
 * and ends in a value. It does not touch the process itself.
 */
export class Exchange {
  readonly reply: Reply
  /** Settles when the runtime has sent the request, or never will. */
  readonly sent = new Deferred<void>()
  readonly #reader: ReplyReader
  /**
   * Whether the conversation ended with the assistant's message: the client will join it with this
   * reply.
   */
  readonly #isPrefilled: boolean
  #ending: ReturnType<ReplyReader['read']>['ending']
  #nextIndex = 0

  /**
   * @param onLeave called once if the reader of the reply leaves before its end, with the reason
   * @param reply of another exchange that did not begin; the caller hands it over
   */
  constructor(
    reader: ReplyReader,
    isPrefilled: boolean,
    onLeave: (reason: ApiError) => void,
    reply?: Reply,
  ) {
    this.#reader = reader
    this.#isPrefilled = isPrefilled
    this.reply = reply ?? new Reply(onLeave)
    this.sent.promise.catch(() => {})
  }

  /** Takes an event of the process; returns the outcome if it was the last. */
  read(event: ReplyEvent): Outcome | undefined {
    if (event.type === 'content_block_start') this.#nextIndex = event.index + 1
    const { events, ending, error } = this.#reader.read(event)
    if (ending !== undefined) this.#ending = ending
    if (ending === 'broken') {
      this.fail(error ?? brokenOff())
      return { kind: 'dropped', cause: 'the reply broke off', runtime: 'asks again' }
    }
    for (const passed of events) this.reply.push(passed)
    if (this.#reader.finish) return undefined
    if (ending === 'reasked') {
      this.reply.push({ type: 'message_stop' })
      this.reply.end()
      return { kind: 'dropped', cause: 'the reply was cut', runtime: 'asks again' }
    }
    return events.at(-1)?.type === 'message_stop' ? this.#complete() : undefined
  }

  /** The runtime does not stream `fallback` blocks: their two events are built from its message. */
  readFallback(block: Extract<ReplyEvent, { type: 'content_block_start' }>['content_block']): void {
    const index = this.#nextIndex
    this.read({ type: 'content_block_start', index, content_block: block })
    this.read({ type: 'content_block_stop', index })
  }

  /** Call it if the runtime ended the turn without a complete reply. */
  finish(): Outcome {
    const events = this.#reader.finish?.() ?? []
    for (const event of events) this.reply.push(event)
    if (events.length > 0) this.reply.end()
    this.fail(noReply())
    return { kind: 'dropped', cause: 'the runtime ended the turn', runtime: 'finishes' }
  }

  /** Ends the exchange with an error for the client. */
  fail(error: ApiError): void {
    this.sent.reject(error)
    this.reply.end(error)
  }

  #complete(): Outcome {
    this.reply.end()
    if (this.reply.isUnclear) {
      return { kind: 'dropped', cause: 'the state of the process is not clear', runtime: 'goes on' }
    }
    if (this.#ending === 'over') return { kind: 'over' }
    if (this.#isPrefilled) {
      return { kind: 'dropped', cause: 'the reply continues an earlier one', runtime: 'goes on' }
    }
    const content = this.reply.message().content as unknown as ContentBlock[]
    if (this.#ending === 'whole') return { kind: 'kept', content }
    if (this.#ending === 'held') return { kind: 'held', content, calls: this.#reader.callIds }
    return {
      kind: 'dropped',
      cause: 'the runtime can not continue from the reply',
      runtime: 'goes on',
    }
  }
}

function noReply(): ApiError {
  return new ApiError('api_error', 'The Claude Code runtime ended the turn without a reply.')
}
