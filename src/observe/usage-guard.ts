import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'

/** The `retry-after` if the end of the window is unknown, in seconds. */
const WAIT_SECONDS = 60 * 60

/**
 * Keeps a part of the plan unused: refuses a turn if a plan window that applies to its model is
 * used up to the configured share, or if the turn would use paid overage.
 *
 * @param share 0 to 1; undefined refuses nothing
 * @param limits the plan windows that have not been reset yet
 * @throws ApiError 429 `rate_limit_error` with the time until the window resets
 */
export function guardUsage(
  share: number | undefined,
  limits: RateLimits | undefined,
  model: string,
  nowSeconds: number,
): void {
  if (share === undefined || limits === undefined) return
  for (const [name, { utilization, resetsAt }] of Object.entries(limits.windows)) {
    if (utilization < share || !countsFor(name, model)) continue
    throw refusal(
      `${percent(utilization)} of the plan window ${name} is used, and usage_guard is ${percent(share)}.`,
      resetsAt,
      nowSeconds,
    )
  }
  const { status, overage, resetsAt } = limits
  if (overage.isInUse || (status === 'rejected' && overage.status?.startsWith('allowed'))) {
    throw refusal(
      'The plan is used up, and usage_guard forbids paid overage.',
      resetsAt,
      nowSeconds,
    )
  }
}

/** A window such as `seven_day_opus` applies to models with `opus` in their names. */
function countsFor(window: string, model: string): boolean {
  const [, family] = /^(?:five_hour|seven_day)_([a-z]+)$/.exec(window) ?? []
  return family === undefined || model.includes(family)
}

function refusal(reason: string, resetsAt: number | undefined, nowSeconds: number): ApiError {
  const wait = resetsAt === undefined ? WAIT_SECONDS : Math.ceil(resetsAt - nowSeconds)
  const until =
    resetsAt === undefined ? '' : ` It resets at ${new Date(resetsAt * 1000).toISOString()}.`
  return new ApiError('rate_limit_error', `${reason}${until}`, { retryAfter: Math.max(1, wait) })
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`
}
