/**
 * The calls of `functions`, which came before tools: they have no ids, and a result names its
 * function. Ids count the calls, so that a conversation that comes again has the same ones.
 */
export class LegacyCalls {
  #count = 0
  readonly #open: { id: string; name: string }[] = []

  /** The id of a call that the assistant makes. */
  made(name: string): string {
    this.#count += 1
    const id = `function_call_${this.#count}`
    this.#open.push({ id, name })
    return id
  }

  /** The id of the call that a result belongs to: the earliest without one, of that name if there is one. */
  answered(name: string | undefined): string {
    const place = this.#open.findIndex((call) => name === undefined || call.name === name)
    // A result without a call is the API's to refuse.
    if (place === -1) return 'function_call_0'
    const [{ id } = { id: '' }] = this.#open.splice(place, 1)
    return id
  }
}
