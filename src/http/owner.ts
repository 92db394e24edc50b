import { createHash } from 'node:crypto'

/**
 * Whose what a request leaves on disk is: a hash of the key that let it in. It is the same after a
 * restart, and the key can't be read from it.
 */
export function ownerOf(key: string): string {
  const hash = createHash('sha256').update(`owner\0${key}`).digest('hex')
  return `key:${hash.slice(0, 32)}`
}
