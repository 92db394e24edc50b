/**
 * Whether a lease has ended. A lease that would last much longer than its length is from before the
 * clock was put back.
 *
 * @param until milliseconds since the epoch, as `now`
 * @param length milliseconds of a new lease
 */
export function hasLapsed(until: number, now: number, length: number): boolean {
  return until < now || until > latestEnd(now, length)
}

/** A time after the end of all current leases, even if the clocks of servers differ. */
export function latestEnd(now: number, length: number): number {
  return now + 10 * length
}
