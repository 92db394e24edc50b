/** A message that the process holds. */
export type Position = {
  role: 'user' | 'assistant'
  /** The lineage of the conversation up to this message, the message included. */
  lineage: string
  /** The uuid of a user message that the proxy wrote. */
  uuid?: string | undefined
  /** Whether the runtime can cut the conversation before it. */
  isTarget?: boolean
}

/** A cut: how many messages stay, and the uuid of the first one that goes. */
export type Cut = { keep: number; target: string }

/**
 * What a process holds of a conversation, message by message, and where it can be rewound to.
 *
 * Only user messages that were acknowledged by the runtime can be rewound to (measured with 2.1.330):
 * those that were asked or put in with `shouldQuery: false`, not those put in as text alone and not
 * tool results, whoever wrote them.
 */
export class Transcript {
  /** The lineage of the empty conversation: model, system prompt and tools. `undefined`: none is known. */
  #origin: string | undefined
  #positions: Position[] = []
  /** The first message that can be rewound to, even if what came after it is in doubt. */
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

  /** Names the state of the process; `undefined` if it is in doubt, or nothing was begun. */
  get lineage(): string | undefined {
    return this.#positions.at(-1)?.lineage ?? this.#origin
  }

  /** The uuid of the newest user message: the runtime asks for it, so that nothing is cut unseen. */
  get newest(): string | undefined {
    return this.#newest
  }

  /** The cut after which the process holds nothing; `undefined` if it can't be made. */
  get whole(): Cut | undefined {
    return this.#first === undefined ? undefined : { keep: 0, target: this.#first }
  }

  /** Begins an empty conversation. Without an origin, no turn will find what is put in. */
  begin(origin?: string): void {
    this.#origin = origin
    this.#positions = []
    this.#first = undefined
    this.#newest = undefined
    this.#isEmpty = true
  }

  /** Notes a user message that was written to the process, before anything is known of its effect. */
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

  /** From now on it is not known what the process holds. It can still be emptied. */
  doubt(): void {
    this.#origin = undefined
    this.#positions = []
  }

  /**
   * @param lineages of the conversation after 0, 1, 2, … messages
   * @returns how many messages the process and that conversation share from the start; `undefined` if
   * they have another beginning
   */
  shared(lineages: readonly string[]): number | undefined {
    if (this.#origin === undefined || this.#origin !== lineages[0]) return undefined
    let count = Math.min(this.#positions.length, lineages.length - 1)
    while (count > 0 && this.#positions[count - 1]?.lineage !== lineages[count]) count -= 1
    return count
  }

  /** The cut that keeps the most of the first `count` messages; `undefined` if there is none. */
  cutWithin(count: number): Cut | undefined {
    for (let keep = Math.min(count, this.#positions.length - 1); keep >= 0; keep -= 1) {
      const { uuid, isTarget } = this.#positions[keep] ?? {}
      if (isTarget && uuid !== undefined) return { keep, target: uuid }
    }
    return undefined
  }

  /** Call it after a cut that the runtime made. */
  cut({ keep }: Cut): void {
    if (keep === 0) {
      this.begin(this.#origin)
      return
    }
    this.#positions = this.#positions.slice(0, keep)
    this.#newest = this.#positions.findLast(({ uuid }) => uuid !== undefined)?.uuid
  }
}
