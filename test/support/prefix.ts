/*
 * The parts of a request that the API's prompt cache compares: tools, system and messages, in this
 * order. Cache marks are not compared.
 * Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */

type Fields = Record<string, unknown>

/** The parts of a request in the order in which the cache compares them, one line each. */
export function cachedParts({ tools, system, messages }: Fields): string[] {
  return [
    ...listOf(tools).map((tool) => line('tool', tool)),
    ...blocksOf(system).map((block) => line('system', block)),
    ...listOf(messages).flatMap(({ role, content }) =>
      blocksOf(content).map((block) => line(String(role), plainResult(block))),
    ),
  ]
}

/**
 * Computes how far the cache of an earlier request serves a later one.
 *
 * @returns undefined if the later request begins with the whole earlier one; otherwise the number
 * of equal parts, and the first that differs
 */
export function cacheBreak(earlier: Fields, later: Fields): string | undefined {
  const [before, after] = [cachedParts(earlier), cachedParts(later)]
  const index = before.findIndex((part, position) => after[position] !== part)
  if (index === -1) return undefined
  return `${index} of ${before.length} parts: then ${cut(before[index])} became ${cut(after[index])}`
}

const SHOWN_LENGTH = 200

function cut(part = 'nothing'): string {
  return part.length > SHOWN_LENGTH ? `${part.slice(0, SHOWN_LENGTH)}…` : part
}

function line(kind: string, part: Fields): string {
  return `${kind} ${JSON.stringify(withoutMark(part))}`
}

/** A result's content as blocks. */
function plainResult(block: Fields): Fields {
  if (block['type'] !== 'tool_result') return block
  return { ...block, content: blocksOf(block['content']).map(withoutMark) }
}

function withoutMark(part: Fields): Fields {
  const entries = Object.entries(part).filter(([name]) => name !== 'cache_control')
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function blocksOf(content: unknown): Fields[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content)
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : []
}
