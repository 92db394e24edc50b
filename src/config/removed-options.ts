/** Options of earlier versions, and their replacements. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['spares', 'is no longer needed: one process stays warm, and max_processes is the limit'],
])

/** Renamed options. A protection under an earlier name must not be ignored: see `renamedOption`. */
const RENAMED: ReadonlyMap<string, string> = new Map([['proxy_api_key_file', 'keys']])

/** The problem with an option's earlier name; `undefined` if it is no earlier name. */
export function renamedOption(key: string): string | undefined {
  const now = RENAMED.get(key)
  return now === undefined ? undefined : `is called ${now} now: rename it`
}

/** The message for a removed option; `undefined` if it is no removed option. */
export function removedOption(key: string): string | undefined {
  return REMOVED.get(key) ?? renamedOption(key)
}
