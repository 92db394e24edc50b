/** Options of earlier versions, and their replacements. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['spares', 'is no longer needed: one process is kept warm, and max_processes bounds the rest'],
])

/** The message for an option that was removed; `undefined` if there never was one of that name. */
export function removedOption(key: string): string | undefined {
  return REMOVED.get(key)
}
