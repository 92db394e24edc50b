import { withoutThoughts } from '../../plan/repairs.ts'
import type { Turn } from '../../plan/turn.ts'
import { newUuid } from './channel.ts'
import { type Diagnosed, isBoundElsewhere } from './failures.ts'

/**
 * A turn to repeat after the API refused it. The gate kept the runtime from repeating it by itself.
 * `undefined` if the API's refusal is for the client.
 *
 * - The login was refused: the runtime would have repeated the request with the renewed login,
 * which another process has.
 * - Thoughts are bound to another conversation: the text that the runtime adds in front of them has
 *   changed, for example the date. The client can't fix that, so the thoughts are left out.
 */
export function turnToAskAgain(turn: Turn, answer: Diagnosed): Turn | undefined {
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
