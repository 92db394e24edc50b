/**
 * What a worker is doing.
 *
 * - `starting`: the process runs and has not answered yet
 * - `ready`: it may get a turn
 * - `opening`: it is brought to the state before a turn's prompt
 * - `asking`: the request of a turn was sent, or is about to be sent
 * - `held`: the reply called tools, and the process waits for their results; it may get a turn
 * - `settling`: the reply is complete and the process cleans up; it may already get a turn
 * - `recovering`: the process is rewound to the last known position
 * - `ended`: it never works again
 */
export type Stage =
  | 'starting'
  | 'ready'
  | 'opening'
  | 'asking'
  | 'held'
  | 'settling'
  | 'recovering'
  | 'ended'

const NEXT: Readonly<Record<Stage, readonly Stage[]>> = {
  starting: ['ready', 'ended'],
  ready: ['opening', 'recovering', 'ended'],
  opening: ['asking', 'ready', 'held', 'recovering', 'ended'],
  asking: ['held', 'settling', 'recovering', 'ended'],
  held: ['opening', 'recovering', 'ended'],
  settling: ['ready', 'opening', 'recovering', 'ended'],
  recovering: ['ready', 'ended'],
  ended: [],
}

/** The stage of one worker. After the first end nothing changes it any more. */
export class StageMachine {
  #stage: Stage = 'starting'
  readonly #onChange: (stage: Stage) => void

  /** @param onChange called after each change */
  constructor(onChange: (stage: Stage) => void = () => {}) {
    this.#onChange = onChange
  }

  get current(): Stage {
    return this.#stage
  }

  is(...stages: readonly Stage[]): boolean {
    return stages.includes(this.#stage)
  }

  /**
   * @returns whether the stage changed: an ended worker stays ended
   * @throws Error for a change that must not happen
   */
  move(to: Stage): boolean {
    if (this.#stage === 'ended') return false
    if (!NEXT[this.#stage].includes(to)) {
      throw new Error(`A worker can't go from ${this.#stage} to ${to}.`)
    }
    this.#stage = to
    this.#onChange(to)
    return true
  }
}
