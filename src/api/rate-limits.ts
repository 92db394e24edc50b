/** A window of a subscription's plan. */
export type LimitWindow = {
  /** The used share, 0 to 1. */
  utilization: number
  /** Unix seconds. */
  resetsAt?: number
  status?: string
}

/** The state of a subscription's plan, from the API's latest reply. */
export type RateLimits = {
  /** `allowed`, `allowed_warning` or `rejected`. */
  status: string
  /** The window that determines the status: `five_hour`, `seven_day`, … */
  decidedBy?: string
  /** When that window resets. Unix seconds. */
  resetsAt?: number
  /** By name: `five_hour`, `seven_day`, `seven_day_opus`, … */
  windows: Readonly<Record<string, LimitWindow>>
  /** The state of paid overage. */
  overage: { isInUse: boolean; status?: string; resetsAt?: number; disabledReason?: string }
}

/**
 * The API's response headers for it. They are not documented; the names and units are those that
 * the runtime reads.
 */
export function rateLimitHeaders(limits: RateLimits): Record<string, string> {
  const { status, decidedBy, resetsAt, windows, overage } = limits
  const named: Record<string, string | number | undefined> = {
    status,
    reset: resetsAt,
    'representative-claim': decidedBy,
    'overage-status': overage.status,
    'overage-reset': overage.resetsAt,
    'overage-disabled-reason': overage.disabledReason,
  }
  for (const [name, window] of Object.entries(windows)) {
    const short = name.replace(/^five_hour/, '5h').replace(/^seven_day/, '7d')
    named[`${short}-status`] = window.status
    named[`${short}-utilization`] = window.utilization
    named[`${short}-reset`] = window.resetsAt
  }
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) =>
      value === undefined ? [] : [[`anthropic-ratelimit-unified-${name}`, String(value)]],
    ),
  )
}

/** How long a report without an end time is trusted. */
const SECONDS_WITHOUT_END = 60 * 60

/**
 * The state without the windows that have been reset meanwhile.
 *
 * @param notedAt when it was reported; Unix seconds, like `now`
 */
export function withoutEndedWindows(
  limits: RateLimits,
  notedAt: number,
  now: number,
): RateLimits | undefined {
  const holds = (resetsAt = notedAt + SECONDS_WITHOUT_END): boolean => resetsAt > now
  if (!holds(limits.resetsAt)) return undefined
  const windows = Object.entries(limits.windows).filter(([, window]) => holds(window.resetsAt))
  return { ...limits, windows: Object.fromEntries(windows) }
}
