/**
 * The calls of `functions`, the predecessor of tools. They have no ids, and a result names its
 * function. The ids made here count the calls, so a conversation that is sent again gets the same
 * ids.
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

  /**
   * The id of the call for a result: the earliest call without a result, if possible of that name.
   */
  answered(name: string | undefined): string {
    const place = this.#open.findIndex((call) => name === undefined || call.name === name)
    // The API refuses a result without a call.
    if (place === -1) return 'function_call_0'
    const [{ id } = { id: '' }] = this.#open.splice(place, 1)
    return id
  }
}
