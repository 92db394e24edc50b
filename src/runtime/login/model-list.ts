import { type Account, patienceFor } from './account.ts'
import type { ListedModel } from './listed-model.ts'

export type ModelListInput = {
  /** Returns the list that a worker's process reported. */
  list: () => Promise<readonly ListedModel[]>
  /** Asks the runtime who is logged in; `patience` is the time limit in milliseconds. */
  identify: (patience: number) => Promise<Account>
  /** Called when the login has changed. */
  onChange?: () => void
  /** Milliseconds. */
  now?: () => number
}

/**
 * How long a login is assumed to be unchanged. Each look costs some tenths of a second of a
 * process.
 */
const LOOK_AGAIN_MILLISECONDS = 5 * 60 * 1000

/**
 * The same while nobody is logged in, or the runtime did not answer: a user who reads that is about
 * to log in.
 */
const LOOK_FOR_LOGIN_MILLISECONDS = 10 * 1000

/**
 * The models of the login. They depend on the login (a subscription's default model differs from an
 * API key's). The runtime is asked for them at the start, and again after the login has changed.
 * The login is looked at every few minutes at most, and sooner if there is a doubt.
 */
export class ModelList {
  readonly #input: ModelListInput & { now: () => number }
  #listed: readonly ListedModel[] = []
  #account: Account | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #isStale = true
  #looking: Promise<Account> | undefined
  #loading: Promise<void> | undefined
  /** How long the first list took, including the start of a process; in milliseconds. */
  #startMilliseconds: number | undefined

  constructor(input: ModelListInput) {
    this.#input = { now: () => performance.now(), ...input }
  }

  /** The latest known models. */
  get listed(): readonly ListedModel[] {
    return this.#listed
  }

  /** @throws Error if the runtime can't be started */
  async load(): Promise<void> {
    const since = this.#input.now()
    this.#listed = await this.#input.list()
    this.#startMilliseconds ??= this.#input.now() - since
    this.#isStale = false
  }

  /** The models of the current login; the latest known ones if the runtime does not answer. */
  async upToDate(): Promise<readonly ListedModel[]> {
    try {
      await this.login()
      if (this.#isStale)
        await (this.#loading ??= this.load().finally(() => (this.#loading = undefined)))
    } catch {
      // The old list is better than none.
    }
    return this.#listed
  }

  /** Who is logged in, as seen at most some minutes ago. Never rejects: see `ask`. */
  async login(): Promise<Account> {
    const age = this.#input.now() - this.#lookedAt
    const known = this.#account
    const isSure = known?.authenticated === true && known.problem === undefined
    const lifetime = isSure ? LOOK_AGAIN_MILLISECONDS : LOOK_FOR_LOGIN_MILLISECONDS
    return known && age <= lifetime ? known : this.ask()
  }

  /**
   * Who is logged in now. Never rejects: if the runtime does not answer, it returns the latest
   * known login, or `unknown`, with the `problem`. Simultaneous callers share one look.
   */
  ask(): Promise<Account> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)))
  }

  async #look(): Promise<Account> {
    try {
      this.noteLogin(await this.#input.identify(patienceFor(this.#startMilliseconds)))
    } catch (error) {
      const { problem: _, ...known } = this.#account ?? UNKNOWN
      this.#account = { ...known, problem: error instanceof Error ? error.message : String(error) }
      this.#lookedAt = this.#input.now()
    }
    return this.#account ?? UNKNOWN
  }

  /** Call it with each report of the login. */
  noteLogin(account: Account): void {
    const before = this.#account
    const isKnown = before !== undefined && before.source !== UNKNOWN.source
    const isAnother = isKnown && nameOf(before) !== nameOf(account)
    this.#account = account
    this.#lookedAt = this.#input.now()
    if (!isAnother) return
    this.#isStale = true
    this.#input.onChange?.()
  }

  /** The login may have changed meanwhile. */
  doubt(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }
}

const UNKNOWN: Account = { authenticated: false, source: 'unknown' }

/** A renewed login counts as the same. So does a login after a look that failed. */
function nameOf(account: Account): string {
  const { expiresAt: _expiry, problem: _problem, ...name } = account
  return JSON.stringify(name)
}
