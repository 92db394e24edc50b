/** Keeps values by key, up to a size in sum. What was not asked for longest goes first. */
export class BoundedStore<Value> {
  readonly #limit: number
  readonly #entries = new Map<string, { value: Value; size: number }>()
  #size = 0

  /** @param limit in the unit of the sizes that `set` is told */
  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** What is larger than the limit is not kept at all. */
  set(key: string, value: Value, size: number): void {
    this.delete(key)
    this.#entries.set(key, { value, size })
    this.#size += size
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#limit) return
      this.delete(oldest)
    }
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#size -= entry.size
    return this.#entries.delete(key)
  }
}
