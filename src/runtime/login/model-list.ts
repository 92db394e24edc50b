import { type Account, patienceFor } from './account.ts'
import type { ListedModel } from './listed-model.ts'

export type ModelListInput = {
  /** Asks a worker for the list that its process told. */
  list: () => Promise<readonly ListedModel[]>
  /** Asks the runtime who is logged in, and waits for so many milliseconds at most. */
  identify: (patience: number) => Promise<Account>
  /** Called when another login was seen. */
  onChange?: () => void
  /** Milliseconds. */
  now?: () => number
}

/** How long a login is taken as unchanged. Looking takes some tenths of a second of a process. */
const LOOK_AGAIN_MILLISECONDS = 5 * 60 * 1000

/** The same while nobody is or the runtime did not tell: someone who reads that is about to log in. */
const LOOK_FOR_LOGIN_MILLISECONDS = 10 * 1000

/**
 * The models of the login, which are others with another login (a subscription's default is not that
 * of an API key). The runtime is asked for them at the start, and again when it is seen that the
 * login has changed: by a look every few minutes at most, and sooner where there is a doubt.
 */
export class ModelList {
  readonly #input: ModelListInput & { now: () => number }
  #listed: readonly ListedModel[] = []
  #account: Account | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #isStale = true
  #looking: Promise<Account> | undefined
  #loading: Promise<void> | undefined
  /** How long the first list took, for which a process was started; in milliseconds. */
  #startMilliseconds: number | undefined

  constructor(input: ModelListInput) {
    this.#input = { now: () => performance.now(), ...input }
  }

  /** The models, as they were last told. */
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

  /** The models of the login as it is now; those that are known if the runtime does not tell. */
  async fresh(): Promise<readonly ListedModel[]> {
    try {
      await this.login()
      if (this.#isStale)
        await (this.#loading ??= this.load().finally(() => (this.#loading = undefined)))
    } catch {
      // The list that is there is better than none.
    }
    return this.#listed
  }

  /**
   * Who is logged in, as it was seen some minutes ago at most. Never rejects: see `ask`.
   */
  async login(): Promise<Account> {
    const age = this.#input.now() - this.#lookedAt
    const known = this.#account
    const isSure = known?.authenticated === true && known.problem === undefined
    const lifetime = isSure ? LOOK_AGAIN_MILLISECONDS : LOOK_FOR_LOGIN_MILLISECONDS
    return known && age <= lifetime ? known : this.ask()
  }

  /**
   * Who is logged in now. Never rejects: if the runtime does not tell, it is the login that was known,
   * or `unknown`, with the `problem`. Callers at the same time share one look.
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

  /** There may be another login by now. */
  doubt(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }
}

const UNKNOWN: Account = { authenticated: false, source: 'unknown' }

/** A login that was only renewed is the same one, and so is one that could not be looked at once. */
function nameOf(account: Account): string {
  const { expiresAt: _expiry, problem: _problem, ...name } = account
  return JSON.stringify(name)
}
