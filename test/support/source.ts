import { vi } from 'vitest'

import type { ReplyEvent } from '../../src/api/types.ts'
import type { Events } from '../../src/http/reply.ts'

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

/** A scripted source of events: errors are thrown, functions awaited. */
export function source(script: (ReplyEvent | Error | (() => Promise<void>))[]) {
  const left = [...script]
  let isOver = false
  let stop: (() => void) | undefined
  const stopped = new Promise<void>((resolve) => (stop = resolve))
  const returned = vi.fn<() => void>()
  const events: Events = {
    async next() {
      for (;;) {
        const step = left.shift()
        if (isOver || step === undefined) return { done: true, value: undefined }
        if (step instanceof Error) throw step
        if (typeof step !== 'function') return { done: false, value: step }
        await Promise.race([step(), stopped])
      }
    },
    return() {
      isOver = true
      returned()
      stop?.()
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]: () => events,
  }
  return { events, returned }
}

/** For a script: waits for good. */
export function never(): Promise<void> {
  return new Promise(() => {})
}
