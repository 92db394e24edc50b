import { vi } from 'vitest'

/**
 * Milliseconds that a test waits for a condition at most. A busy machine may take seconds for anything, so
 * this is only a little less than the timeout of a test. `vitest.config.ts` has it for `expect.poll`.
 */
export const LONGEST_WAIT = 55_000

/** Milliseconds between two looks. */
export const LOOK_INTERVAL = 20

/** Resolves with the first value that is truthy. */
export function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, Nothing>> {
  return vi.waitUntil(look, { timeout: LONGEST_WAIT, interval: LOOK_INTERVAL }) as Promise<
    Exclude<T, Nothing>
  >
}

type Nothing = undefined | null | false
