/** A process that has grown past this is replaced. Bytes; some 300 MB are usual. */
const MAX_MEMORY = 1_000_000_000

/** A process of which the memory can't be seen is replaced after so many turns. */
const MAX_TURNS = 5000

export type Use = {
  /** Resident bytes; 0 if they can't be seen. */
  memory: number
  /** Turns that were served. */
  turns: number
  /** Whether the executable is another than the one that the process was started from. */
  isOutdated: boolean
}

/** Why a worker should be replaced, if it should. */
export function wearOf({ memory, turns, isOutdated }: Use): string | undefined {
  if (memory > MAX_MEMORY) return 'it grew too large'
  if (memory === 0 && turns > MAX_TURNS) return 'it served enough turns'
  return isOutdated ? 'the executable was replaced' : undefined
}
