import { LRUCache } from 'lru-cache'

/** A limit, because clients choose the names. */
const MAX_MODELS = 1000

/**
 * The models that have answered. The proxy expects no 404 for them. After a 404 the runtime would
 * repeat the request, and closing the gate against that costs some 6 ms of its CPU for each turn.
 */
export class AnsweredModels {
  readonly #names = new LRUCache<string, true>({ max: MAX_MODELS })

  /** Whether the last known answer of the model was a reply. */
  hasAnswered(model: string): boolean {
    return this.#names.get(model) === true
  }

  answered(model: string): void {
    this.#names.set(model, true)
  }

  /** Call it if the API says that it does not know the model. */
  refused(model: string): void {
    this.#names.delete(model)
  }
}
