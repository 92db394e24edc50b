import { distance } from 'fastest-levenshtein'

/**
 * The candidate that a mistyped name most likely means. Undefined if more than every third letter
 * would have to change, or all of them. Case and the joining of words make no difference
 * (`log-level`, `log_level`, `logLevel`).
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; changes: number } | undefined
  for (const candidate of candidates) {
    const changes = distance(bare(name), bare(candidate))
    if (changes > Math.max(2, Math.floor(candidate.length / 3))) continue
    if (changes >= candidate.length) continue
    if (best === undefined || changes < best.changes) best = { candidate, changes }
  }
  return best?.candidate
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}
