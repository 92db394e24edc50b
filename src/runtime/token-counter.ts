import type { ClientTool, Opening, TurnSettings } from '../plan/turn.ts'
import { type ContextCount, TOOLS_DISCOUNT } from './worker/context-count.ts'

/** Brings a process to a state and has the API count what it holds. */
export type Measure = (opening: Opening, signal: AbortSignal) => Promise<ContextCount>

/** What has to be taken off the parts of a count so that they add up. In tokens, for one model. */
type Surplus = {
  /** What a system prompt gains by being counted as a message. */
  system: number
  /** What the count of tools has in it besides the tools and the prompt that the API adds to them. */
  tools: number
}

/**
 * Counts the tokens of conversations with the API's own counter, through the runtime's report about
 * its context.
 *
 * The runtime asks for messages, system and tools apart. The messages' count is exact. The
 * other two have the frame of a message in them, and of the tools 500 tokens are taken off. What
 * that is in a model's tokens is measured once for each model, by counting what is known.
 */
export class TokenCounter {
  readonly #measure: Measure
  readonly #surpluses = new Map<string, Surplus>()

  constructor(measure: Measure) {
    this.#measure = measure
  }

  /** @throws ApiError where the API did not count, or no process could be had in time */
  async count(opening: Opening, signal: AbortSignal): Promise<number> {
    const hasTools = opening.tools.length > 0
    if (!hasTools && opening.system === '') return (await this.#measure(opening, signal)).messages
    const surplus = await this.#surplusOf(opening.model, signal)
    const tools = hasTools ? [...opening.tools, padding('a')] : []
    const count = await this.#measure({ ...opening, tools }, signal)
    return (
      count.messages +
      (opening.system === '' ? 0 : count.system - surplus.system) +
      (hasTools ? count.tools - surplus.tools : 0)
    )
  }

  async #surplusOf(model: string, signal: AbortSignal): Promise<Surplus> {
    const known = this.#surpluses.get(model)
    if (known) return known
    const empty = { model, system: '', history: [], settings: PLAIN }
    const one = await this.#measure({ ...empty, tools: [padding('a')] }, signal)
    const two = await this.#measure({ ...empty, tools: [padding('a'), padding('b')] }, signal)
    const foo = one.messages
    const surplus = {
      system: foo - TOKENS_OF_FOO,
      tools: foo + (two.tools - one.tools) - TOOLS_DISCOUNT,
    }
    this.#surpluses.set(model, surplus)
    return surplus
  }
}

/** Taken as known: the word `foo`, of which the runtime has no count without its message. */
const TOKENS_OF_FOO = 1

/** What a process is told that only counts: nothing of it gets into the API's count. */
export const PLAIN: TurnSettings = {
  extraBody: '{}',
  betas: '',
  headers: '',
  runtimeCaching: true,
  cacheLifetime: '',
  runtimeThinking: 'off',
}

/** A tool of more tokens than the runtime takes off, so that the count is never cut at 0. */
function padding(mark: 'a' | 'b'): ClientTool {
  return {
    name: `padding_${mark}`,
    description: 'foo '.repeat(TOOLS_DISCOUNT).trim(),
    inputSchema: { type: 'object' },
  }
}
