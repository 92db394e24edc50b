import { createHmac, randomBytes } from 'node:crypto'

import type { ClientKey } from '../config/keys/client-key.ts'

/** Random for each process, so that a name is useless outside of it. */
const SALT = randomBytes(32)

/**
 * Names the client of a request. Data of a client that outlives a request is kept in memory under
 * this name.
 *
 * If the proxy requires a key, the name is the owner of the key. Otherwise it is derived from the
 * keys that the client sent, as `x-api-key` or `Authorization`. Requests with equal keys have the
 * same name, whichever header has them. All requests without a key share one name.
 *
 * @param key the client's key; undefined if clients need no key
 * @returns a name that does not reveal the key
 */
export function callerOf(headers: Headers, key?: ClientKey): string {
  if (key !== undefined) return key.owner
  const authorization = headers.get('authorization')?.replace(/^Bearer\s+/i, '')
  const sent = [headers.get('x-api-key'), authorization].map((value) => value?.trim() ?? '')
  const keys = [...new Set(sent)]
    .filter((value) => value !== '')
    .toSorted((a, b) => (a < b ? -1 : 1))
  return createHmac('sha256', SALT).update(JSON.stringify(keys)).digest('base64url')
}
