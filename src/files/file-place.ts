/** A place in the list of files: the time, and a text that orders the files of one time. */
export type FilePlace = { createdAt: number; key: string }

export function placeOf({ createdAt, id }: { createdAt: number; id: string }): FilePlace {
  return { createdAt, key: id }
}

/** Compares two places; less than 0 if the first one is older. */
export function comparePlaces(one: FilePlace, other: FilePlace): number {
  return one.createdAt - other.createdAt || (one.key < other.key ? -1 : one.key > other.key ? 1 : 0)
}
