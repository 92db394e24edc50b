import { openServerCalls } from '../../api/server-calls.ts'
import type { ReplyEvent } from '../../api/types.ts'
import { MessageMerge } from '../../stream/merge.ts'

/** How a reply ends, as far as the runtime that got it is concerned. */
export type Ending =
  /** The process is ready for the next turn. */
  | 'whole'
  /** The process waits for the results of the calls in it. */
  | 'held'
  /** The process would do something about it that no one asked for, but not before its last event. */
  | 'unanswerable'
  /** The runtime is about to ask upstream again, on its own. */
  | 'reasked'
  /** The connection broke: the runtime closes the message, and may ask for the rest of it. */
  | 'broken'

/** Reads what the runtime yields for one turn and tells what of it is the client's. */
export type ReplyReader = {
  /** The events for the client, and with the last but one how the reply ends. */
  read: (event: ReplyEvent) => { events: readonly ReplyEvent[]; ending?: Ending }
  /** The ids of the calls that the client must answer. */
  readonly callIds: readonly string[]
  /** Where a run of several messages makes one reply: the events that end it. */
  readonly finish?: () => readonly ReplyEvent[]
}

/**
 * Reads a reply of one message, which goes through as it is.
 *
 * The rules for its ending are the runtime's, measured with 2.1.330: after `max_tokens`, a full
 * context window or a reply with nothing to see it asks again; a call of a tool that it does not
 * know it answers itself and asks again; where a stream breaks it says so, but for a break after a
 * whole block: then it makes up the last event and asks for the rest.
 */
export class ReplyWatch implements ReplyReader {
  readonly #knownTools: ReadonlySet<string>
  readonly #calls: { id: string; name: string }[] = []
  readonly #blocks: object[] = []
  #isVisible = false
  #hasDelta = false

  constructor(knownTools: ReadonlySet<string>) {
    this.#knownTools = knownTools
  }

  get callIds(): string[] {
    return this.#calls.map((call) => call.id)
  }

  read(event: ReplyEvent): { events: ReplyEvent[]; ending?: Ending } {
    switch (event.type) {
      case 'content_block_start': {
        const block = event.content_block
        this.#blocks.push(block)
        if (block.type === 'tool_use') this.#calls.push({ id: block.id, name: block.name })
        this.#isVisible ||= block.type === 'text' ? hasInk(block.text) : !isThought(block.type)
        return { events: [event] }
      }
      case 'content_block_delta':
        this.#isVisible ||= event.delta.type === 'text_delta' && hasInk(event.delta.text)
        return { events: [event] }
      case 'message_delta': {
        const ending = this.#endingFor(event.delta.stop_reason)
        this.#hasDelta = true
        return { events: ending === 'broken' ? [] : [event], ending }
      }
      case 'message_stop':
        return this.#hasDelta ? { events: [event] } : { events: [], ending: 'broken' }
      default:
        return { events: [event] }
    }
  }

  #endingFor(stopReason: string | null): Ending {
    if (stopReason === null) return 'broken'
    if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') {
      return 'reasked'
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

function hasInk(text: string): boolean {
  return text.trim() !== ''
}

function isThought(type: string): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}
