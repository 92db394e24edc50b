/** A message that the process holds. */
export type Position = {
  role: 'user' | 'assistant'
  /** The lineage of the conversation up to and including this message. */
  lineage: string
  /** The uuid, if the proxy wrote the message as a user message. */
  uuid?: string | undefined
  /** Whether the runtime can cut the conversation before it. */
  isTarget?: boolean
}

/** A cut: how many messages stay, and the uuid of the first one that goes. */
export type Cut = { keep: number; target: string }

/**
 * The messages that a process holds, and the positions to which it can be rewound.
 *
 * Only user messages that were acknowledged by the runtime can be rewound to (measured with 2.1.330):
 * those that were asked or put in with `shouldQuery: false`, not those put in as text alone and not
 * tool results, whoever wrote them.
 */
export class Transcript {
  /**
   * The lineage of the empty conversation: model, system prompt and tools. `undefined` if unknown.
   */
  #origin: string | undefined
  #positions: Position[] = []
  /** The first message before which the runtime can cut, even if the state after it is in doubt. */
  #first: string | undefined
  #newest: string | undefined
  #isEmpty = true

  /** Whether the process holds no message at all. */
  get isEmpty(): boolean {
    return this.#isEmpty
  }

  get length(): number {
    return this.#positions.length
  }

  /**
   * The lineage of the whole transcript; `undefined` if the state is in doubt or there is no
   * conversation.
   */
  get lineage(): string | undefined {
    return this.#positions.at(-1)?.lineage ?? this.#origin
  }

  /** The uuid of the newest user message. A rewind must name it, so that nothing unseen is cut. */
  get newest(): string | undefined {
    return this.#newest
  }

  /** The cut that empties the process; `undefined` if it is impossible. */
  get whole(): Cut | undefined {
    return this.#first === undefined ? undefined : { keep: 0, target: this.#first }
  }

  /** Begins an empty conversation. Without an origin, no turn is matched to it. */
  begin(origin?: string): void {
    this.#origin = origin
    this.#positions = []
    this.#first = undefined
    this.#newest = undefined
    this.#isEmpty = true
  }

  /** Notes a user message that was written to the process, before its effect is known. */
  wrote(uuid: string, canBeTarget: boolean): void {
    // A conversation whose first message can't be cut away needs another process.
    if (this.#isEmpty && canBeTarget) this.#first = uuid
    this.#isEmpty = false
    this.#newest = uuid
  }

  add(position: Position): void {
    this.#isEmpty = false
    this.#positions.push(position)
  }

  /**
   * Call it when the content of the process becomes uncertain. The process can still be emptied.
   */
  doubt(): void {
    this.#origin = undefined
    this.#positions = []
  }

  /**
   * @param lineages of the conversation after 0, 1, 2, … messages
   * @returns how many messages the process and that conversation share from the start; `undefined`
   * if model, system prompt or tools differ
   */
  shared(lineages: readonly string[]): number | undefined {
    if (this.#origin === undefined || this.#origin !== lineages[0]) return undefined
    let count = Math.min(this.#positions.length, lineages.length - 1)
    while (count > 0 && this.#positions[count - 1]?.lineage !== lineages[count]) count -= 1
    return count
  }

  /**
   * The cut that keeps as many as possible of the first `count` messages; `undefined` if there is
   * none.
   */
  cutWithin(count: number): Cut | undefined {
    for (let keep = Math.min(count, this.#positions.length - 1); keep >= 0; keep -= 1) {
      const { uuid, isTarget } = this.#positions[keep] ?? {}
      if (isTarget && uuid !== undefined) return { keep, target: uuid }
    }
    return undefined
  }

  /** Call it after the runtime made a cut. */
  cut({ keep }: Cut): void {
    if (keep === 0) {
      this.begin(this.#origin)
      return
    }
    this.#positions = this.#positions.slice(0, keep)
    this.#newest = this.#positions.findLast(({ uuid }) => uuid !== undefined)?.uuid
  }
}
