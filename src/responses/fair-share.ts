/**
 * The room that each client may use at most, so that all of them together keep to a limit. Clients
 * that use less keep all they have: only those that use most lose something.
 *
 * @param sizes the room that each client uses
 * @returns Infinity if all of it fits
 */
export function fairShare(sizes: readonly number[], limit: number): number {
  let left = limit
  for (const [index, size] of sizes.toSorted((a, b) => a - b).entries()) {
    const share = left / (sizes.length - index)
    if (size > share) return share
    left -= size
  }
  return Infinity
}
