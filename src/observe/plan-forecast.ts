/** The duration of a plan window in seconds, by the beginning of its name. */
const LENGTHS: readonly (readonly [name: string, seconds: number])[] = [
  ['five_hour', 5 * 3600],
  ['seven_day', 7 * 24 * 3600],
]

/** The share of a window that must be over before a forecast is made. */
const LEAST_ELAPSED = 0.02

/**
 * When a plan window will be full, at the average rate since its beginning.
 *
 * @param utilization the used share, 0 to 1
 * @param resetsAt Unix seconds, like `now` and the result
 * @returns undefined if the window resets before, or it is too early for a forecast
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
