import type { StreamEvent } from '../api/types.ts'
import type { EventSource } from '../stream/sse.ts'
import type { Reply } from '../stream/reply.ts'

/**
 * The events of a reply. The last event is held back until a step is done, so that a reply which the
 * client knows to be whole has been stored.
 *
 * @param step begins when the last event is there; if it fails, the events fail with its error
 */
export function heldUntil(
  reply: Pick<Reply, 'next' | 'ready' | 'return'>,
  step: () => Promise<unknown>,
): EventSource {
  let held: StreamEvent | undefined
  return {
    ready() {
      const event = held === undefined ? reply.ready() : undefined
      if (event === undefined || !isLast(event)) return event
      held = event
      return undefined
    },
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result: IteratorResult<StreamEvent, void> =
          held === undefined ? await reply.next() : { done: false, value: held }
        held = undefined
        if (!result.done && isLast(result.value)) await step()
        return result
      },
      return: () => reply.return(),
    }),
  }
}

function isLast({ type }: StreamEvent): boolean {
  return type === 'message_stop'
}
