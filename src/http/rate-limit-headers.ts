import type { Context, MiddlewareHandler } from 'hono'

import { rateLimitHeaders, type RateLimits } from '../api/rate-limits.ts'

/**
 * Puts the state of the plan on responses, as the API does. The runtime tells it at the end of a
 * reply: it is the state after the reply before, but with a refusal for the limit's sake the present one.
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
