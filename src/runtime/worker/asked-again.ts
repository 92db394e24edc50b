import { withoutThoughts } from '../../plan/repairs.ts'
import type { Turn } from '../../plan/turn.ts'
import { newUuid } from './channel.ts'
import { type Diagnosed, isBoundElsewhere } from './failures.ts'

/** The end of a turn that the API did not answer with a reply. */
export type Refusal = {
  /**
   * The API's answer, if the gate kept the runtime from repeating the request by itself after it.
   */
  answer?: Diagnosed | undefined
  /**
   * Whether the connection may have been idle before the request, and was closed before the API began
   * to answer.
   */
  wasIdle: boolean
}

/** How often a turn is repeated after its connection was closed: the official SDK does the same. */
const MAX_REPEATS = 2

/**
 * A turn to repeat after it got no reply; `undefined` if the error is for the client.
 *
 * - The API closed an idle connection at the moment of the request.
 * - The login was refused: the runtime would have repeated the request with the renewed login,
 *   which another process has. The gate kept it from that.
 * - Thoughts are bound to another conversation: the text that the runtime adds in front of them has
 *   changed, for example the date. The client can't fix that, so the thoughts are left out.
 *
 * @param asked how often the turn was repeated already
 */
export function turnToAskAgain(
  turn: Turn,
  { answer, wasIdle }: Refusal,
  asked: number,
): Turn | undefined {
  if (wasIdle) return asked < MAX_REPEATS ? turn : undefined
  if (asked > 0 || answer === undefined) return undefined
  if (answer.status === 401) return turn
  if (!turn.mayLoseThoughts || !isBoundElsewhere(answer)) return undefined
  // No other conversation has the same beginning.
  const lineages = turn.lineages.map(() => newUuid())
  return {
    ...turn,
    history: withoutThoughts(turn.history),
    lineages,
    lineage: lineages.at(-1) ?? turn.lineage,
  }
}
