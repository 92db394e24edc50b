import type { TurnRecord } from './observe/turn-record.ts'

export type LoginWatchInput = {
  /** Called if the login may have changed. */
  doubt: () => void
  /** Asks who is logged in, if it is in doubt. */
  look: () => Promise<unknown>
  /** Called when the login is known again. */
  onKnown: () => void
}

/**
 * Notices from the ends of turns that the login may have changed: after the API refused the login,
 * the next successful reply may come from another login.
 */
export class LoginWatch {
  readonly #input: LoginWatchInput
  #isRefused = false

  constructor(input: LoginWatchInput) {
    this.#input = input
  }

  /** Call it if no one was logged in at the start: the first reply is another login's. */
  noOneIsLoggedIn(): void {
    this.#isRefused = true
  }

  /** Call it at the end of each turn. */
  turnEnded({ outcome, errorType }: Pick<TurnRecord, 'outcome' | 'errorType'>): void {
    if (errorType === 'authentication_error') this.#isRefused = true
    if (!this.#isRefused || outcome !== 'whole') return
    this.#isRefused = false
    this.#input.doubt()
    void this.#input.look().then(this.#input.onKnown)
  }

  /**
   * Call it when a turn is refused because the plan is used up: then no reply can show that the
   * login has changed.
   */
  turnRefused(): void {
    void this.#input.look()
  }
}
