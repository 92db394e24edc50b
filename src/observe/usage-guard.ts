import type { RateLimits } from '../api/rate-limits.ts'
import { ApiError } from '../errors.ts'

/** When to try again if the end of the window is unknown. */
const WAIT_SECONDS = 60 * 60

/**
 * Keeps a part of the plan unused: refuses a turn if a plan window that applies to its model is
 * used up to the configured share, or if the turn would use paid overage.
 *
 * @param share 0 to 1; without one nothing is refused
 * @param limits the plan's windows that still run
 * @throws ApiError 429 `rate_limit_error` with the time until the window begins anew
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
      `${percent(utilization)} of the plan's window ${name} is used, and usage_guard is ${percent(share)}.`,
      resetsAt,
      nowSeconds,
    )
  }
  const { status, overage, resetsAt } = limits
  if (overage.isInUse || (status === 'rejected' && overage.status?.startsWith('allowed'))) {
    throw refusal(
      'The plan is used up, and with usage_guard nothing is paid for beyond it.',
      resetsAt,
      nowSeconds,
    )
  }
}

/** A window such as `seven_day_opus` counts for the models that have `opus` in their names. */
function countsFor(window: string, model: string): boolean {
  const [, family] = /^(?:five_hour|seven_day)_([a-z]+)$/.exec(window) ?? []
  return family === undefined || model.includes(family)
}

function refusal(reason: string, resetsAt: number | undefined, nowSeconds: number): ApiError {
  const wait = resetsAt === undefined ? WAIT_SECONDS : Math.ceil(resetsAt - nowSeconds)
  const until =
    resetsAt === undefined ? '' : ` It begins anew at ${new Date(resetsAt * 1000).toISOString()}.`
  return new ApiError('rate_limit_error', `${reason}${until}`, { retryAfter: Math.max(1, wait) })
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`
}
