import { LRUCache } from 'lru-cache'

/** Clients may ask for any name. */
const MAX_MODELS = 1000

/**
 * The models that have answered. Of them no 404 is expected; after one the runtime would ask again, and
 * to keep it from that takes some 6 ms of its CPU for each turn.
 */
export class AnsweredModels {
  readonly #names = new LRUCache<string, true>({ max: MAX_MODELS })

  /** Whether the model's last answer was a reply, as far as is known. */
  hasAnswered(model: string): boolean {
    return this.#names.get(model) === true
  }

  answered(model: string): void {
    this.#names.set(model, true)
  }

  /** The API does not know the model, or not any more. */
  refused(model: string): void {
    this.#names.delete(model)
  }
}
