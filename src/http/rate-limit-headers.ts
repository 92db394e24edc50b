import type { Context, MiddlewareHandler } from 'hono'

import { rateLimitHeaders, type RateLimits } from '../api/rate-limits.ts'

/**
 * Puts the state of the plan on responses, as the API does. The runtime reports it at the end of a
 * reply, so these headers are as of the previous reply; on a 429 they are current.
 */
export function withRateLimits(limits: () => RateLimits | undefined): MiddlewareHandler {
  return async (context: Context, next) => {
    await next()
    const known = limits()
    for (const [name, value] of Object.entries(known ? rateLimitHeaders(known) : {})) {
      context.res.headers.set(name, value)
    }
  }
}
