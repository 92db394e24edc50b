import { plainLine } from './plain-line.ts'
import type { TurnRecord } from './turn-record.ts'

/** Names besides the runtime's list that are counted by themselves. */
const MOST_UNLISTED = 20

/**
 * The names that turns are counted under. A client may name any model, and a gateway may answer under
 * the name that it was asked for: so only so many names are taken that the runtime does not list.
 */
export class ModelNames {
  readonly #isListed: (model: string) => boolean
  readonly #unlisted = new Set<string>()

  constructor(isListed: (model: string) => boolean) {
    this.#isListed = isListed
  }

  /** @returns the model that answered, or `other` */
  nameOf({ model, answeredBy }: Pick<TurnRecord, 'model' | 'answeredBy'>): string {
    const named = plainLine(answeredBy ?? model)
    if (this.#isListed(named)) return named
    // A model that did not answer may not even exist.
    if (answeredBy === undefined) return OTHER
    if (this.#unlisted.size < MOST_UNLISTED) this.#unlisted.add(named)
    return this.#unlisted.has(named) ? named : OTHER
  }
}

const OTHER = 'other'
