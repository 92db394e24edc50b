/**
 * Maximum messages, items, tools and parts in one request. OpenAI accepts 2,048 messages. The
 * translation of a far longer request would block other requests.
 */
export const MAX_PARTS = 20_000

/** The field of a body whose list, including nested lists, exceeds the limit. */
export function longListIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const lists = Object.entries(body).filter(([, value]) => Array.isArray(value))
  return lists.find(([, list]) => countParts(list as unknown[]) > MAX_PARTS)?.[0]
}

/** Counts the entries of lists and of nested lists. */
export function countParts(...lists: (readonly unknown[])[]): number {
  let count = 0
  for (const list of lists) {
    count += list.length
    for (const part of list) {
      if (count > MAX_PARTS) return count
      if (typeof part !== 'object' || part === null) continue
      for (const inner of Object.values(part)) if (Array.isArray(inner)) count += inner.length
    }
  }
  return count
}
