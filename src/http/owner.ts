import { createHash } from 'node:crypto'

import { sentKey } from './key.ts'

/**
 * Whose what a request leaves on disk is: a hash of the key that it brought. It is the same after a
 * restart, and the key can't be read from it.
 */
export function ownerOf(headers: Headers): string {
  const hash = createHash('sha256')
    .update(`owner\0${sentKey(headers) ?? ''}`)
    .digest('hex')
  return `key:${hash.slice(0, 32)}`
}
