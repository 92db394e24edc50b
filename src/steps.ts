import { setImmediate } from 'node:timers/promises'

/** Work that can be interrupted for a while: each `yield` is a place for that. */
export type Steps<Result> = Generator<void, Result, void>

/** Milliseconds of work after which others are let on. */
const BUDGET = 10

/** Does work from its beginning to its end. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * Does work in steps of some milliseconds, between which others are served.
 *
 * @param pause lets others go on
 * @param now milliseconds
 */
export async function inSteps<Result>(
  steps: Steps<Result>,
  pause: () => Promise<unknown> = setImmediate,
  now: () => number = () => performance.now(),
): Promise<Result> {
  for (let since = now(); ;) {
    const { done, value } = steps.next()
    if (done === true) return value
    if (now() - since < BUDGET) continue
    await pause()
    since = now()
  }
}

/**
 * For work that is done in a loop with `await`: where nothing has to be waited for, such a loop keeps
 * everyone else waiting.
 *
 * @returns lets others on if some milliseconds have passed since it last did; call it in each round
 */
export function pacer(
  pause: () => Promise<unknown> = setImmediate,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let since = now()
  return async () => {
    if (now() - since < BUDGET) return
    await pause()
    since = now()
  }
}
