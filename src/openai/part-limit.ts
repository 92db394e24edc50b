/**
 * Messages, items, tools and their parts in one request. OpenAI takes 2,048 messages; what is longer by
 * far would keep everyone else waiting while it is translated.
 */
export const MOST_PARTS = 20_000

/** The field of a body whose list has more parts than are translated, those of its parts included. */
export function longListIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const lists = Object.entries(body).filter(([, value]) => Array.isArray(value))
  return lists.find(([, list]) => countParts(list as unknown[]) > MOST_PARTS)?.[0]
}

/** What stands in lists, and in the lists of what stands there. */
export function countParts(...lists: (readonly unknown[])[]): number {
  let count = 0
  for (const list of lists) {
    count += list.length
    for (const part of list) {
      if (count > MOST_PARTS) return count
      if (typeof part !== 'object' || part === null) continue
      for (const inner of Object.values(part)) if (Array.isArray(inner)) count += inner.length
    }
  }
  return count
}
