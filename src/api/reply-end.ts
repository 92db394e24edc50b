import type { ApiError } from '../errors.ts'

/** How a reply ended: complete, with an error of its source, or because its reader gave it up. */
export type ReplyEnd =
  | { how: 'whole' }
  | { how: 'failed'; error: Error }
  | { how: 'given up'; error: ApiError }
