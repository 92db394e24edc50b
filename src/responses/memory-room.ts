import { sizeOf } from '../json-pieces.ts'

/** Characters of JSON, about. */
const LIMIT = 32_000_000
/** What an object takes in addition to its content, in characters. */
const OBJECT_COST = 200

/** The objects of one client by their ids, the least recently used one first. */
type Objects<Value> = { byId: Map<string, { value: Value; size: number }>; size: number }

/**
 * Keeps objects of clients in memory, up to a total size. If there is no room for one more, the
 * client that uses most loses its least recently used object.
 */
export class MemoryRoom<Value extends object> {
  readonly #limit: number
  readonly #clients = new Map<string, Objects<Value>>()
  #size = 0

  constructor(limit = LIMIT) {
    this.#limit = limit
  }

  get(client: string, id: string): Value | undefined {
    const byId = this.#clients.get(client)?.byId
    const object = byId?.get(id)
    if (byId === undefined || object === undefined) return undefined
    byId.delete(id)
    byId.set(id, object)
    return object.value
  }

  set(client: string, id: string, value: Value): void {
    this.delete(client, id)
    const own = this.#clients.get(client) ?? { byId: new Map(), size: 0 }
    this.#clients.set(client, own)
    const size = sizeOf(value) + OBJECT_COST
    own.byId.set(id, { value, size })
    own.size += size
    this.#size += size
    while (this.#size > this.#limit) this.#forgetOne()
  }

  /** @returns false if there is no such object */
  delete(client: string, id: string): boolean {
    const own = this.#clients.get(client)
    const object = own?.byId.get(id)
    if (own === undefined || object === undefined) return false
    own.byId.delete(id)
    own.size -= object.size
    this.#size -= object.size
    if (own.byId.size === 0) this.#clients.delete(client)
    return true
  }

  #forgetOne(): void {
    let [most, mostSize] = ['', 0]
    for (const [client, { size }] of this.#clients) {
      if (size > mostSize) [most, mostSize] = [client, size]
    }
    const [oldest] = this.#clients.get(most)?.byId.keys() ?? []
    if (oldest === undefined) throw new Error('A room without objects is full.')
    this.delete(most, oldest)
  }
}
