import type { ListedModel, Probe } from './probe.ts'

export type ModelListInput = {
  /** Asks a process of the runtime for its list. */
  probe: () => Promise<Probe>
  /** Names the login: another name, another login. */
  identify: () => Promise<string>
  now?: () => number
}

/** How long a login is taken as unchanged. Looking takes some tenths of a second of a process. */
const LOOK_AGAIN_MILLISECONDS = 5 * 60 * 1000

/**
 * The models of the login, which are others with another login (a subscription's default is not that
 * of an API key). The runtime is asked for them at the start, and again when it is seen that the
 * login has changed: by a look every few minutes at most, and sooner where there is a doubt.
 */
export class ModelList {
  readonly #input: Required<ModelListInput>
  #listed: readonly ListedModel[] = []
  #login: string | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #isStale = true
  #refreshing: Promise<void> | undefined

  constructor(input: ModelListInput) {
    this.#input = { now: () => performance.now(), ...input }
  }

  /** The models, as they were last told. */
  get listed(): readonly ListedModel[] {
    return this.#listed
  }

  /** @throws Error where the runtime can't be started */
  async load(): Promise<void> {
    const { models } = await this.#input.probe()
    this.#listed = models
    this.#isStale = false
  }

  /** The models of the login as it is now; those that are known where the runtime does not tell. */
  async fresh(): Promise<readonly ListedModel[]> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined))
    await this.#refreshing
    return this.#listed
  }

  /** To be told who is logged in, whenever that was asked. */
  noteLogin(login: string): void {
    if (this.#login !== undefined && this.#login !== login) this.#isStale = true
    this.#login = login
    this.#lookedAt = this.#input.now()
  }

  /** There may be another login by now. */
  doubt(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  async #refresh(): Promise<void> {
    try {
      if (this.#input.now() - this.#lookedAt > LOOK_AGAIN_MILLISECONDS) {
        this.noteLogin(await this.#input.identify())
      }
      if (this.#isStale) await this.load()
    } catch {
      // The list that is there is better than none.
    }
  }
}
