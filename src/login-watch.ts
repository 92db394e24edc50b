import type { TurnRecord } from './observe/turn-record.ts'

export type LoginWatchInput = {
  /** Called if there may be another login by now. */
  doubt: () => void
  /** Asks who is logged in, if that is in doubt. */
  look: () => Promise<unknown>
  /** Called when that is known. */
  onKnown: () => void
}

/**
 * Notices by the turns' ends that someone else may be logged in: after the API refused the login, the
 * first reply may be another login's.
 */
export class LoginWatch {
  readonly #input: LoginWatchInput
  #isRefused = false

  constructor(input: LoginWatchInput) {
    this.#input = input
  }

  /** Call it at the end of each turn. */
  turnEnded({ outcome, errorType }: Pick<TurnRecord, 'outcome' | 'errorType'>): void {
    if (errorType === 'authentication_error') this.#isRefused = true
    if (!this.#isRefused || outcome !== 'whole') return
    this.#isRefused = false
    this.#input.doubt()
    void this.#input.look().then(this.#input.onKnown)
  }

  /** Call it when a turn is refused because the plan is used up: no reply will tell of another login. */
  turnRefused(): void {
    void this.#input.look()
  }
}
