import type { Turn } from '../../plan/turn.ts'
import { type Candidate, valueOf } from '../lanes.ts'

/** Conversations that are remembered to have been given up. */
const REMEMBERED = 64

/** A conversation that is less likely to be gone on with was rightly given up. */
const WORTH = 0.05

/**
 * Which conversations lost their worker to another one. If such a conversation comes back, the
 * conversations that are in use at a time are more than the workers: one more pays.
 */
export class Regrets {
  readonly #given = new Set<string>()

  /**
   * To be told that a worker is about to be emptied for a turn.
   *
   * @returns whether the turn's conversation had a worker before, and lost it
   */
  note({ lineages, history }: Turn, worker: Candidate, now: number): boolean {
    const isRegretted = history.length > 0 && lineages.some((name) => this.#given.delete(name))
    const { lineage } = worker.transcript
    if (lineage !== undefined && valueOf(worker, now) > WORTH) this.#given.add(lineage)
    const [oldest] = this.#given
    if (this.#given.size > REMEMBERED && oldest !== undefined) this.#given.delete(oldest)
    return isRegretted
  }
}
