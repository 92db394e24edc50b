/** A process that has grown past this is replaced. Bytes; some 300 MB are usual. */
const MAX_MEMORY = 1_000_000_000

/** If the memory of a process is unknown, it is replaced after so many turns. */
const MAX_TURNS = 5000

export type Use = {
  /** Resident bytes; 0 if unknown. */
  memory: number
  /** Turns served so far. */
  turns: number
  /** Whether the executable on disk was replaced after the process started. */
  isOutdated: boolean
}

/** The reason to replace a worker; `undefined` if there is none. */
export function wearOf({ memory, turns, isOutdated }: Use): string | undefined {
  if (memory > MAX_MEMORY) return 'it grew too large'
  if (memory === 0 && turns > MAX_TURNS) return 'it served enough turns'
  return isOutdated ? 'the executable was replaced' : undefined
}
