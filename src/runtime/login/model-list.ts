import type { Account } from './account.ts'
import type { ListedModel } from './listed-model.ts'

export type ModelListInput = {
  /** Asks a worker for the list that its process told. */
  list: () => Promise<readonly ListedModel[]>
  /** Asks the runtime who is logged in. */
  identify: () => Promise<Account>
  /** Called when another login was seen. */
  onChange?: () => void
  /** Milliseconds. */
  now?: () => number
}

/** How long a login is taken as unchanged. Looking takes some tenths of a second of a process. */
const LOOK_AGAIN_MILLISECONDS = 5 * 60 * 1000

/** The same while nobody is: who reads that is about to log in. */
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

  constructor(input: ModelListInput) {
    this.#input = { now: () => performance.now(), ...input }
  }

  /** The models, as they were last told. */
  get listed(): readonly ListedModel[] {
    return this.#listed
  }

  /** @throws Error where the runtime can't be started */
  async load(): Promise<void> {
    this.#listed = await this.#input.list()
    this.#isStale = false
  }

  /** The models of the login as it is now; those that are known where the runtime does not tell. */
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
   * Who is logged in, as it was seen some minutes ago at most.
   *
   * @throws Error where the runtime can't be started
   */
  async login(): Promise<Account> {
    const age = this.#input.now() - this.#lookedAt
    const known = this.#account
    const isLoggedIn = known?.authenticated === true
    const lifetime = isLoggedIn ? LOOK_AGAIN_MILLISECONDS : LOOK_FOR_LOGIN_MILLISECONDS
    if (known && age <= lifetime) return known
    this.#looking ??= this.#input.identify().finally(() => (this.#looking = undefined))
    const account = await this.#looking
    this.noteLogin(account)
    return account
  }

  /** To be told who is logged in, whenever that was asked. */
  noteLogin(account: Account): void {
    const isAnother = this.#account !== undefined && nameOf(this.#account) !== nameOf(account)
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

/** A login that was only renewed is the same one. */
function nameOf(account: Account): string {
  const { expiresAt: _, ...name } = account
  return JSON.stringify(name)
}
