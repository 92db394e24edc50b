/**
 * Whether a lease has ended. One that would last much longer than it was given for was given before
 * the clock was put back.
 *
 * @param until milliseconds since the epoch, as `now`
 * @param length milliseconds of a new lease
 */
export function hasLapsed(until: number, now: number, length: number): boolean {
  return until < now || until > latestEnd(now, length)
}

/** The time at which no lease ends that was given by now, even if the clocks of servers differ. */
export function latestEnd(now: number, length: number): number {
  return now + 10 * length
}
