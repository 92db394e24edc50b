import type { CallAnswer } from '../plan/resolution.ts'
import type { Turn } from '../plan/turn.ts'
import type { Stage } from './worker/stage.ts'
import type { Transcript } from './worker/transcript.ts'
import type { Way } from './worker/held-conversation.ts'

/**
 * How a turn is served, fastest first.
 *
 * - `resolve`: a worker waits for exactly the tool results that the turn brings
 * - `continue`: a worker holds the whole history of the turn, so that only the prompt is missing
 * - `rewind`: a worker holds the beginning of the turn's conversation; it is cut there and gets the
 *   rest
 * - `open`: a worker is emptied and gets the whole conversation
 * - `run`: Claude Code works with its own tools, in a process of its own
 */
export type Lane = 'resolve' | 'continue' | 'rewind' | 'open' | 'run'

/** The part of a worker that the choice needs. */
export type Candidate = {
  readonly stage: Stage
  readonly isAvailable: boolean
  readonly transcript: Transcript
  readonly heldCalls: readonly string[]
  readonly isForced: boolean
  readonly exchanges: number
  readonly lastUsed: number
  /**
   * Whether it counts tokens and never served a turn: only such a worker can count, see
   * `Worker.canCount`.
   */
  readonly isCounter: boolean
  takes: (model: string, betas: string) => boolean
}

export type Choice<Worker extends Candidate> =
  | { lane: 'resolve'; worker: Worker; answers: ReadonlyMap<string, CallAnswer> }
  | { lane: 'continue' | 'rewind' | 'open'; worker: Worker; way: Way }

/**
 * Chooses the available worker that can serve a turn at the least cost, or none if no worker is
 * available that can.
 *
 * @param now on the clock of `Candidate.lastUsed`
 */
export function chooseWorker<Worker extends Candidate>(
  turn: Turn,
  workers: Iterable<Worker>,
  now: number,
): Choice<Worker> | undefined {
  const able = [...workers].filter(
    (worker) => worker.isAvailable && worker.takes(turn.model, turn.settings.betas),
  )
  return (
    resolving(turn, able) ?? continuing(turn, able) ?? rewinding(turn, able) ?? opening(able, now)
  )
}

/** The part of a worker that the choice for a count of tokens needs. */
export type CountingCandidate = Pick<Candidate, 'isCounter'> & {
  /** Whether it can count: it has not served a turn yet. */
  readonly canCount: boolean
}

/**
 * Chooses the available worker for a count of tokens. Counts share one worker: any other worker that
 * could count would be lost for turns, and one more would be started for them.
 */
export function chooseCounter<Worker extends CountingCandidate>(
  workers: readonly Worker[],
): Worker | undefined {
  return workers.find(({ isCounter }) => isCounter) ?? workers.find(({ canCount }) => canCount)
}

/**
 * Sorts workers by how little their conversation is worth: the one least likely to continue comes
 * first.
 */
export function byValue<Worker extends Candidate>(
  workers: Iterable<Worker>,
  now: number,
): Worker[] {
  return [...workers]
    .map((worker) => ({ worker, value: valueOf(worker, now) }))
    .toSorted((a, b) => a.value - b.value || a.worker.lastUsed - b.worker.lastUsed)
    .map(({ worker }) => worker)
}

function resolving<Worker extends Candidate>(
  { lineage, answers }: Turn,
  workers: readonly Worker[],
): Choice<Worker> | undefined {
  if (answers === undefined) return undefined
  const worker = workers.find(
    ({ stage, heldCalls, transcript }) =>
      stage === 'held' &&
      heldCalls.length === answers.size &&
      heldCalls.every((id) => answers.has(id)) &&
      // If the client changed the calls or anything before them, the turn opens with the client's
      // version.
      transcript.lineage === lineage,
  )
  return worker && { lane: 'resolve', worker, answers }
}

function continuing<Worker extends Candidate>(
  { lineage }: Turn,
  workers: readonly Worker[],
): Choice<Worker> | undefined {
  const worker = workers.find(
    ({ stage, transcript }) => stage !== 'held' && transcript.lineage === lineage,
  )
  return worker && { lane: 'continue', worker, way: { kind: 'continue' } }
}

function rewinding<Worker extends Candidate>(
  { lineages }: Turn,
  workers: readonly Worker[],
): Choice<Worker> | undefined {
  let best: { worker: Worker; way: Way; keep: number } | undefined
  for (const worker of workers) {
    const found = wayBack(worker, lineages)
    if (found && found.keep > (best?.keep ?? 0)) best = { worker, ...found }
  }
  return best && { lane: 'rewind', worker: best.worker, way: best.way }
}

/**
 * How a worker gets to the longest beginning that it shares with a conversation; `undefined` if
 * none.
 */
function wayBack(
  { transcript, stage }: Candidate,
  lineages: readonly string[],
): { way: Way; keep: number } | undefined {
  const shared = transcript.shared(lineages) ?? 0
  if (shared === 0) return undefined
  // Everything that the worker holds is part of the conversation: nothing needs to be cut.
  if (shared === transcript.length && stage !== 'held') {
    return { way: { kind: 'extend', keep: shared }, keep: shared }
  }
  const cut = transcript.cutWithin(shared)
  return cut && { way: { kind: 'rewind', cut }, keep: cut.keep }
}

function opening<Worker extends Candidate>(
  workers: readonly Worker[],
  now: number,
): Choice<Worker> | undefined {
  let best: { worker: Worker; value: number } | undefined
  for (const worker of workers) {
    const value = valueOf(worker, now)
    // Among equals, take the worker that was used last: its code is compiled, and the others may
    // end as idle.
    const isBetter =
      best === undefined ||
      value < best.value ||
      (value === best.value && worker.lastUsed > best.worker.lastUsed)
    if (isBetter) best = { worker, value }
  }
  return best && { lane: 'open', worker: best.worker, way: { kind: 'open' } }
}

/**
 * The half-life of a conversation, by its kind: after so many milliseconds it is half as likely to
 * continue.
 */
const HALF_LIFE = { held: 120_000, long: 300_000, single: 20_000 }

/** The likelihood, 0 to 1, that a worker's conversation continues. */
export function valueOf(worker: Candidate, now: number): number {
  const { stage, transcript, isForced, exchanges, lastUsed, isCounter } = worker
  if (isCounter) return 0.5 * 0.5 ** ((now - lastUsed) / HALF_LIFE.long)
  if (transcript.lineage === undefined || transcript.length === 0) return 0
  const age = now - lastUsed
  if (stage === 'held') return (isForced ? 0.1 : 0.9) * 0.5 ** (age / HALF_LIFE.held)
  return exchanges > 1 ? 0.8 * 0.5 ** (age / HALF_LIFE.long) : 0.3 * 0.5 ** (age / HALF_LIFE.single)
}
