/** Seconds that a plan's window lasts, by the beginning of its name. */
const LENGTHS: readonly (readonly [name: string, seconds: number])[] = [
  ['five_hour', 5 * 3600],
  ['seven_day', 7 * 24 * 3600],
]

/** The share of a window that must be over before a forecast is made. */
const LEAST_ELAPSED = 0.02

/**
 * When a plan's window will be full at its average rate since it began.
 *
 * @param utilization 0 is nothing, 1 is all
 * @param resetsAt Unix seconds, as `now` and the result
 * @returns undefined if the window resets before, or nothing can be told yet
 */
export function fullAt(
  name: string,
  utilization: number,
  resetsAt: number | undefined,
  now: number,
): number | undefined {
  const length = LENGTHS.find(([prefix]) => name.startsWith(prefix))?.[1]
  if (length === undefined || resetsAt === undefined || utilization <= 0) return undefined
  const elapsed = now - (resetsAt - length)
  if (elapsed < LEAST_ELAPSED * length || now >= resetsAt) return undefined
  if (utilization >= 1) return now
  const full = now + ((1 - utilization) * elapsed) / utilization
  return full < resetsAt ? full : undefined
}
