import { plainLine } from './plain-line.ts'
import type { TurnRecord } from './turn-record.ts'

/** Maximum number of unlisted names that are counted separately. */
const MAX_UNLISTED = 20

/**
 * The model names under which turns are counted. A client can name any model, and a gateway may
 * repeat that name in its answer; so the number of names outside the runtime's list is limited.
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
    // A model that did not answer may not exist.
    if (answeredBy === undefined) return OTHER
    if (this.#unlisted.size < MAX_UNLISTED) this.#unlisted.add(named)
    return this.#unlisted.has(named) ? named : OTHER
  }
}

const OTHER = 'other'
