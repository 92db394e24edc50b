import { vi } from 'vitest'

/** Time limits of the program that elapse when the test says so. All other timers run as usual. */
export type WatchedTimers = {
  /** How many timers of this length run. */
  count: (milliseconds: number) => number
  /** Ends all timers of this length as if their time were over. */
  elapse: (milliseconds: number) => void
  /** Call it at the end of the test. */
  restore: () => void
}

/**
 * Watches the timers that are set from now on. A test can then let a long time limit elapse in the
 * state that it wants, instead of setting a short one that elapses by itself on a busy machine.
 */
export function watchTimers(): WatchedTimers {
  type Running = { milliseconds: number | undefined; elapse: () => void }
  const running = new Map<NodeJS.Timeout, Running>()
  const { setTimeout: start, clearTimeout: end } = globalThis
  const starts = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    then: (...values: unknown[]) => void,
    milliseconds?: number,
    ...values: unknown[]
  ) => {
    const elapse = (): void => {
      running.delete(timer)
      then(...values)
    }
    const timer = start(elapse, milliseconds)
    running.set(timer, { milliseconds, elapse })
    return timer
  }) as typeof setTimeout)
  const ends = vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    running.delete(timer as NodeJS.Timeout)
    end(timer)
  })
  const ofLength = (milliseconds: number): [NodeJS.Timeout, Running][] =>
    [...running].filter(([, timer]) => timer.milliseconds === milliseconds)
  return {
    count: (milliseconds) => ofLength(milliseconds).length,
    elapse: (milliseconds) => {
      for (const [timer, { elapse }] of ofLength(milliseconds)) {
        end(timer)
        elapse()
      }
    },
    restore: () => {
      starts.mockRestore()
      ends.mockRestore()
    },
  }
}
