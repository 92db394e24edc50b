import { Deferred } from '../deferred.ts'

/** The next change of one response. */
export type NextChange = {
  /** Resolves at the change, or after so many milliseconds. */
  within: (milliseconds: number) => Promise<void>
  /** Call it in the end, whether the change came or not. */
  forget: () => void
}

/** The changes of stored responses that servers announce. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>()

  next(id: string): NextChange {
    const change = new Deferred<void>()
    const others = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, others.add(change.resolve))
    let timer: NodeJS.Timeout | undefined
    return {
      within: (milliseconds) => {
        timer = setTimeout(change.resolve, milliseconds)
        return change.promise
      },
      forget: () => {
        clearTimeout(timer)
        others.delete(change.resolve)
        if (others.size === 0) this.#waiting.delete(id)
      },
    }
  }

  /** @param id of the response that has changed; any may have if it is undefined */
  tell(id: string | undefined): void {
    const told = id === undefined ? [...this.#waiting.values()] : [this.#waiting.get(id) ?? []]
    for (const resolve of told.flatMap((each) => [...each])) resolve()
  }
}
