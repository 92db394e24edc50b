import type { StreamEvent } from '../api/types.ts'

/** The events of a reply, for one reader. */
export type Events = AsyncIterableIterator<StreamEvent, void>

/** An event of one of several replies. */
export type ChoiceEvent = { type: 'choice'; index: number; event: StreamEvent }

/**
 * Merges the events of several replies for one reader, in the order of their arrival. A reply is
 * asked for its next event only after the reader took the previous one. An error in one reply ends
 * all.
 */
export function mergeChoices(replies: readonly Events[]): Events {
  const ready: Outcome[] = []
  let wake: (() => void) | undefined
  let open = replies.length

  function ask(index: number): void {
    replies[index]?.next().then(
      (result) => settle({ index, result }),
      (error: unknown) => settle({ index, error }),
    )
  }

  function settle(outcome: Outcome): void {
    ready.push(outcome)
    wake?.()
  }

  async function stop(): Promise<void> {
    open = 0
    wake?.()
    await Promise.all(replies.map(async (reply) => reply.return?.()))
  }

  async function next(): Promise<IteratorResult<StreamEvent, void>> {
    while (open > 0) {
      const outcome = ready.shift()
      if (outcome === undefined) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      if ('error' in outcome) {
        await stop()
        throw outcome.error
      }
      const { index, result } = outcome
      if (result.done) {
        open -= 1
        continue
      }
      ask(index)
      const value: ChoiceEvent = { type: 'choice', index, event: result.value }
      return { done: false, value }
    }
    return { done: true, value: undefined }
  }

  for (const index of replies.keys()) ask(index)
  const merged: Events = {
    next,
    async return() {
      await stop()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => merged,
  }
  return merged
}

type Outcome =
  | { index: number; result: IteratorResult<StreamEvent, void> }
  | { index: number; error: unknown }
