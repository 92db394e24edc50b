import { matchesPattern } from '../api/model-names.ts'
import type { ClientKey } from '../config/keys/client-key.ts'
import { ApiError } from '../errors.ts'
import type { RequestBuckets } from './request-buckets.ts'

export type KeyGuardOptions = {
  buckets: RequestBuckets
  /** The tokens charged to a key today, by the name of the key. */
  tokensToday: (name: string) => Promise<number>
  /** Milliseconds since the epoch. */
  now?: () => number
}

/**
 * The kind of a request, for its limits: a batch has its own pace, and a count uses no tokens.
 * Counts have the same limit per minute as turns, but separately: at the API the two are
 * independent as well. Source:
 * https://platform.claude.com/docs/en/build-with-claude/token-counting#pricing-and-rate-limits
 */
export type RequestKind = 'turn' | 'batch' | 'count'

/** Enforces the limits of keys. */
export class KeyGuard {
  readonly #options: KeyGuardOptions
  readonly #now: () => number

  constructor(options: KeyGuardOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /**
   * Admits a request, and counts it.
   *
   * @param model its full name
   * @throws ApiError 403 if the key may not use the model, 429 with `retry-after` if it is over a
   * limit
   */
  async admit(key: ClientKey | undefined, model: string, kind: RequestKind): Promise<void> {
    if (key === undefined) return
    const { name, limits } = key
    if (!mayUse(key, model)) {
      throw new ApiError(
        'permission_error',
        `The key '${name}' may not use the model ${model}. It may use: ${limits.models?.join(', ')}.`,
      )
    }
    const { requestsPerMinute, tokensPerDay } = limits
    if (tokensPerDay !== undefined && kind !== 'count') {
      const used = await this.#options.tokensToday(name)
      if (used >= tokensPerDay) {
        const limit = `${tokensPerDay} tokens per day (${used} are used)`
        throw overLimit(name, limit, untilTomorrow(this.#now()))
      }
    }
    if (requestsPerMinute === undefined || kind === 'batch') return
    const [bucket, things] =
      kind === 'count' ? [countsOf(name), 'counts of tokens'] : [name, 'requests']
    const wait = await this.#options.buckets.take(bucket, requestsPerMinute)
    if (wait > 0) throw overLimit(name, `${requestsPerMinute} ${things} per minute`, wait)
  }
}

/** The bucket of a key's counts. The name of no key has a space. */
function countsOf(name: string): string {
  return `${name} count_tokens`
}

/**
 * The key of a batch, or a later key of the same name.
 *
 * @returns undefined if clients needed no key when the batch was made
 * @throws ApiError 401 if the key no longer exists
 */
export function ownersKey(owner: string, keys: readonly ClientKey[]): ClientKey | undefined {
  if (owner === '') return undefined
  const key = keys.find((each) => each.owner === owner)
  if (key !== undefined) return key
  throw new ApiError('authentication_error', 'The key of the batch no longer exists.')
}

/** @param model its full name */
export function mayUse({ limits: { models } }: ClientKey, model: string): boolean {
  return models === undefined || models.some((pattern) => matchesPattern(model, pattern))
}

/** @param wait milliseconds */
function overLimit(name: string, limit: string, wait: number): ApiError {
  return new ApiError(
    'rate_limit_error',
    `This request would exceed the limit of the key '${name}': ${limit}.`,
    { retryAfter: Math.max(1, Math.ceil(wait / 1000)) },
  )
}

/** Milliseconds to the next day, in local time. */
function untilTomorrow(now: number): number {
  const next = new Date(now)
  next.setHours(24, 0, 0, 0)
  return next.getTime() - now
}
