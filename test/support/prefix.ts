/*
 * What the API's prompt cache sees of a request: tools, system and messages, in this order. A cache
 * mark says where to keep, and is no part of what is kept.
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
 * Says how far the cache of an earlier request serves a later one.
 *
 * @returns undefined where all of the earlier request is the beginning of the later one; else how many
 *   of its parts are, and the first that is not
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

/** A result's content as blocks, as the API takes it. */
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
