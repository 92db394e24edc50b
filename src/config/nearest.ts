/**
 * The candidate that a mistyped name most likely means, or undefined where none is near: more than
 * every third letter would have to change. Case, and `-` for `_`, make no difference.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(plain(name), plain(candidate))
    if (distance > Math.max(2, Math.floor(candidate.length / 3))) continue
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  return best?.candidate
}

/** How many letters must be inserted, removed or replaced to make one text the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [row, letter] of from.split('').entries()) {
    const current = [row + 1]
    for (const [column, other] of to.split('').entries()) {
      const replaced = at(above, column) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, at(above, column + 1) + 1, at(current, column) + 1))
    }
    above = current
  }
  return at(above, to.length)
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}

function at(distances: readonly number[], index: number): number {
  const distance = distances[index]
  if (distance === undefined) throw new RangeError(`no distance at ${index}`)
  return distance
}
