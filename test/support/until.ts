import { vi } from 'vitest'

/**
 * Milliseconds that a test may take. It only ends a test that hangs: on a busy machine, a start of the
 * runtime alone was seen to take 15 s.
 */
export const TEST_TIMEOUT = 180_000

/** Milliseconds that a test waits for a condition at most. `vitest.config.ts` has it for `expect.poll`. */
export const LONGEST_WAIT = TEST_TIMEOUT - 10_000

/** Milliseconds between two looks. */
export const LOOK_INTERVAL = 20

/** Resolves with the first value that is truthy. */
export function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, Nothing>> {
  return vi.waitUntil(look, { timeout: LONGEST_WAIT, interval: LOOK_INTERVAL }) as Promise<
    Exclude<T, Nothing>
  >
}

type Nothing = undefined | null | false
