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
