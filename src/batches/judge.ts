import { ApiError } from '../errors.ts'

/** How to handle a request that failed. */
export type Verdict =
  | { kind: 'final' }
  | {
      kind: 'again'
      /** Milliseconds. */
      after: number
      /** Whether the request itself failed; only a few such failures are allowed. */
      isOwn: boolean
      /** Why all other requests wait for the same time; absent if they continue. */
      everyone?: Wait
    }

/** The condition that all requests wait for. */
export type Wait = 'rate limit' | 'overload' | 'login' | 'billing'

/** How often a request itself may fail. */
const MAX_FAILURES = 6
const FIRST_WAIT = 1000
const LONGEST_WAIT = 5 * 60 * 1000
/** The longest wait of a single request, whatever its retry-after. */
export const MAX_WAIT = 60 * 60 * 1000
/** The wait if the login or the account needs attention. */
const WAIT_FOR_A_PERSON = 60 * 1000

/**
 * Judges a failure. A fault of the request is final; a fault of the API, the network or a process
 * is retried with growing waits.
 *
 * @param failures how often this request itself failed before
 * @param refusals how many requests before this one were refused in a row, for reasons of the API
 */
export function judge(error: unknown, failures: number, refusals: number): Verdict {
  if (!(error instanceof ApiError)) return tryAgain(failures)
  const { type, status, retryAfter } = error
  const retryMilliseconds = retryAfter === undefined ? undefined : retryAfter * 1000
  if (type === 'authentication_error' || status === 401) return waitAll('login', WAIT_FOR_A_PERSON)
  if (type === 'billing_error' || status === 402) return waitAll('billing', WAIT_FOR_A_PERSON)
  if (status === 429) return waitAll('rate limit', retryMilliseconds ?? growing(refusals))
  if (status === 529) return waitAll('overload', retryMilliseconds ?? growing(refusals))
  // 499: the request was aborted, but not by a client: a batch has none.
  if (status >= 500 || status === 408 || status === 499)
    return tryAgain(failures, retryMilliseconds)
  return { kind: 'final' }
}

function waitAll(everyone: Wait, after: number): Verdict {
  return { kind: 'again', after, isOwn: false, everyone }
}

function tryAgain(failures: number, retryMilliseconds = 0): Verdict {
  if (failures + 1 >= MAX_FAILURES) return { kind: 'final' }
  return {
    kind: 'again',
    after: Math.min(MAX_WAIT, Math.max(retryMilliseconds, growing(failures))),
    isOwn: true,
  }
}

function growing(times: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** times)
}
