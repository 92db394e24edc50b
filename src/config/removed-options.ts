/** Options of earlier versions, and their replacements. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['spares', 'is no longer needed: one process is kept warm, and max_processes bounds the rest'],
])

/** Options that have another name now. What they guarded must not be left open: see `renamedOption`. */
const RENAMED: ReadonlyMap<string, string> = new Map([['proxy_api_key_file', 'keys']])

/** The problem of an option under its earlier name; `undefined` if there never was one of that name. */
export function renamedOption(key: string): string | undefined {
  const now = RENAMED.get(key)
  return now === undefined ? undefined : `is called ${now} now: rename it`
}

/** The message for an option that was removed; `undefined` if there never was one of that name. */
export function removedOption(key: string): string | undefined {
  return REMOVED.get(key) ?? renamedOption(key)
}
