import type { Turn } from '../../plan/turn.ts'
import { type Candidate, valueOf } from '../lanes.ts'

/** Maximum number of remembered conversations. */
const REMEMBERED_CONVERSATIONS = 64

/** A conversation less likely than this to continue was rightly dropped. */
const LEAST_VALUE = 0.05

/**
 * Remembers which conversations lost their worker to another one. If such a conversation comes
 * back, there are more active conversations than workers, and one more worker is worth its start.
 */
export class Regrets {
  readonly #given = new Set<string>()

  /**
   * Call it when a worker is about to be emptied for a turn.
   *
   * @returns whether the turn's conversation had lost its worker before
   */
  note({ lineages, history }: Turn, worker: Candidate, now: number): boolean {
    const isRegretted = history.length > 0 && lineages.some((name) => this.#given.delete(name))
    const { lineage } = worker.transcript
    if (lineage !== undefined && valueOf(worker, now) > LEAST_VALUE) this.#given.add(lineage)
    const [oldest] = this.#given
    if (this.#given.size > REMEMBERED_CONVERSATIONS && oldest !== undefined)
      this.#given.delete(oldest)
    return isRegretted
  }
}
