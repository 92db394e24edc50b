import { ApiError } from './errors.ts'
import type { Account } from './runtime/login/account.ts'
import { refuseSubscription } from './runtime/login/subscription.ts'

/**
 * Keeps a server that shares a database from serving with a subscription. One that starts with such a
 * login does not start; if someone logs in later, its turns are refused.
 */
export class TeamLogin {
  #refusal: ApiError | undefined

  /** Checks a newly reported login. */
  note(account: Account): void {
    this.#refusal = undefined
    try {
      refuseSubscription(account)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      // Like a login that the API refuses: batches wait for another login, and none of their
      // requests fails.
      this.#refusal = new ApiError('authentication_error', reason, { cause })
    }
  }

  /** @throws ApiError 401 while the login is a subscription */
  check(): void {
    if (this.#refusal !== undefined) throw this.#refusal
  }
}
