import { setImmediate } from 'node:timers/promises'

/** Work that can be paused: each `yield` is a place to pause. */
export type Steps<Result> = Generator<void, Result, void>

/** Milliseconds of work between two pauses. */
const BUDGET = 10

/** Does all the work without a pause. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * Does work in steps of some milliseconds; between two steps, other requests are served.
 *
 * @param pause lets other work run
 * @param now a clock, in milliseconds
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
 * For work in a loop with `await`: if its promises are already settled, such a loop blocks all
 * other work.
 *
 * @returns a function to call in each round; it lets other work run if some milliseconds have
 * passed since the last pause
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
