import { vi } from 'vitest'

import type { ReplyEvent } from '../../src/api/types.ts'
import { Reply } from '../../src/stream/reply.ts'

/** The events of a reply that says "Hi". */
export const REPLY = [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'made-up',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
] as unknown as ReplyEvent[]

/**
 * A reply that plays a script when a reader waits for it. An error ends it, a function is awaited,
 * and after the last step it ends normally.
 */
export function source(script: (ReplyEvent | Error | (() => Promise<void>))[]) {
  const returned = vi.fn<(error: Error) => void>()
  return { events: new ScriptedReply(script, returned), returned }
}

class ScriptedReply extends Reply {
  readonly #script: Parameters<typeof source>[0]
  #isPlaying = false

  constructor(script: Parameters<typeof source>[0], onGivenUp: (error: Error) => void) {
    super(onGivenUp)
    this.#script = script
  }

  override begun(): Promise<void> {
    void this.#play()
    return super.begun()
  }

  override next(): ReturnType<Reply['next']> {
    void this.#play()
    return super.next()
  }

  async #play(): Promise<void> {
    if (this.#isPlaying) return
    this.#isPlaying = true
    for (const step of this.#script) {
      if (typeof step === 'function') await step()
      else if (step instanceof Error) this.end(step)
      else this.push(step)
    }
    this.end()
  }
}

/** For a script: never continues. */
export function never(): Promise<void> {
  return new Promise(() => {})
}
