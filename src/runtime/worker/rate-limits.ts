import type { SDKRateLimitInfo } from '@anthropic-ai/claude-agent-sdk'
import { z } from 'zod'

import type { LimitWindow, RateLimits } from '../../api/rate-limits.ts'

/** Fields that the runtime (2.1.330) sends but the SDK's type lacks: all windows of the plan. */
const report = z.object({
  unifiedWindows: z
    .record(
      z.string(),
      z.object({
        utilization: z.number(),
        resetsAt: z.number().optional(),
        status: z.string().optional(),
      }),
    )
    .catch({}),
})

/** The state of the plan, from the event that comes with each reply under a subscription. */
export function rateLimitsIn(info: SDKRateLimitInfo): RateLimits {
  const { status, rateLimitType, resetsAt, utilization } = info
  const { overageStatus, overageResetsAt, overageDisabledReason } = info
  const windows: Record<string, LimitWindow> = {}
  if (rateLimitType !== undefined && utilization !== undefined) {
    windows[rateLimitType] = { utilization, ...(resetsAt !== undefined && { resetsAt }) }
  }
  for (const [name, window] of Object.entries(report.parse(info).unifiedWindows)) {
    windows[name] = {
      utilization: window.utilization,
      ...(window.resetsAt !== undefined && { resetsAt: window.resetsAt }),
      ...(window.status !== undefined && { status: window.status }),
    }
  }
  return {
    status,
    ...(rateLimitType !== undefined && { decidedBy: rateLimitType }),
    ...(resetsAt !== undefined && { resetsAt }),
    windows,
    overage: {
      isInUse: info.isUsingOverage === true || info.overageInUse === true,
      ...(overageStatus !== undefined && { status: overageStatus }),
      ...(overageResetsAt !== undefined && { resetsAt: overageResetsAt }),
      ...(overageDisabledReason !== undefined && { disabledReason: overageDisabledReason }),
    },
  }
}

/**
 * Seconds until the plan lets requests pass again, at least 1; undefined if it does not refuse them
 * or gives no time.
 *
 * @param now milliseconds since 1970
 */
export function secondsUntilReset(
  info: SDKRateLimitInfo | undefined,
  now: number,
): number | undefined {
  const { status, resetsAt } = info ?? {}
  if (status !== 'rejected' || resetsAt === undefined) return undefined
  return Math.max(1, Math.ceil(resetsAt - now / 1000))
}
