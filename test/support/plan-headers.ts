import type { AnswerHeaders } from './answers.ts'

export type PlanState = {
  status?: string
  fiveHours?: number
  sevenDays?: number
  /** Unix seconds. */
  resetsAt?: number
}

/** The API's headers about a subscription's plan, in the form that the runtime reads. */
export function planHeaders({
  status = 'allowed',
  fiveHours = 0.42,
  sevenDays = 0.17,
  resetsAt = Math.floor(Date.now() / 1000) + 3600,
}: PlanState = {}): AnswerHeaders {
  const prefix = 'anthropic-ratelimit-unified'
  return {
    [`${prefix}-status`]: status,
    [`${prefix}-representative-claim`]: 'five_hour',
    [`${prefix}-reset`]: String(resetsAt),
    [`${prefix}-5h-status`]: status,
    [`${prefix}-5h-utilization`]: String(fiveHours),
    [`${prefix}-5h-reset`]: String(resetsAt),
    [`${prefix}-7d-status`]: 'allowed',
    [`${prefix}-7d-utilization`]: String(sevenDays),
    [`${prefix}-7d-reset`]: String(resetsAt + 86_400),
  }
}
