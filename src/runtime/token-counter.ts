import type { ClientTool, Opening } from '../plan/turn.ts'
import { ClientLeft } from '../refusals.ts'
import { type ContextCount, TOOLS_DISCOUNT } from './worker/context-count.ts'
import { PLAIN_SETTINGS } from './worker/settings.ts'

/** Brings a process to a state and has the API count its content. */
export type Measure = (opening: Opening, signal: AbortSignal) => Promise<ContextCount>

/** The surplus in the parts of a count, in tokens of one model; it is subtracted from the sum. */
type Surplus = {
  /** The surplus of a system prompt that was counted as a message. */
  system: number
  /**
   * The surplus in the count of tools, besides the tools and the prompt that the API adds to them.
   */
  tools: number
}

/**
 * Counts the tokens of conversations with the API's own counter, by way of the runtime's context
 * report.
 *
 * The runtime has messages, system prompt and tools counted separately. The count of the messages
 * is exact. The other two include the frame of a message, and the runtime subtracts 500 tokens from
 * the tools. The surplus in a model's tokens is measured once for each model, by counting known
 * text.
 */
export class TokenCounter {
  readonly #measure: Measure
  readonly #surpluses = new Map<string, Promise<Surplus>>()

  constructor(measure: Measure) {
    this.#measure = measure
  }

  /** @throws ApiError if the API did not count, or no process was free in time */
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

  /** It is measured once, also if several ask at the same time. */
  async #surplusOf(model: string, signal: AbortSignal): Promise<Surplus> {
    let measured = this.#surpluses.get(model)
    if (measured === undefined) {
      measured = this.#measureSurplus(model, signal)
      this.#surpluses.set(model, measured)
      measured.catch(() => this.#surpluses.delete(model))
    }
    try {
      return await measured
    } catch (error) {
      // The client that it was measured for has left; this one has not.
      if (error instanceof ClientLeft && !signal.aborted) return this.#surplusOf(model, signal)
      throw error
    }
  }

  async #measureSurplus(model: string, signal: AbortSignal): Promise<Surplus> {
    const empty = { model, system: '', history: [], settings: PLAIN_SETTINGS }
    const one = await this.#measure({ ...empty, tools: [padding('a')] }, signal)
    const two = await this.#measure({ ...empty, tools: [padding('a'), padding('b')] }, signal)
    const foo = one.messages
    return {
      system: foo - TOKENS_OF_FOO,
      tools: foo + (two.tools - one.tools) - TOOLS_DISCOUNT,
    }
  }
}

/** The word `foo` counts as one token: the runtime can't count it without its message. */
const TOKENS_OF_FOO = 1

/** A tool with more tokens than the runtime subtracts, so that its count is above 0. */
function padding(mark: 'a' | 'b'): ClientTool {
  return {
    name: `padding_${mark}`,
    description: 'foo '.repeat(TOOLS_DISCOUNT).trim(),
    inputSchema: { type: 'object' },
  }
}
