import { createHmac, randomBytes } from 'node:crypto'

import type { ClientKey } from '../config/keys/client-key.ts'

/** Made anew by each process, so that a name is worth nothing outside of it. */
const SALT = randomBytes(32)

/**
 * Names the client of a request. Whatever outlives a request and was a client's own is kept in memory
 * under this name.
 *
 * If the proxy asks for a key, it is the owner of the key. Else it is made of the keys that the client
 * sent, as `x-api-key` or `Authorization`: requests with equal keys have the same name, in whichever
 * header they came; all requests without a key share one.
 *
 * @param key that let the request in; undefined if none is asked for
 * @returns a name from which no key can be read
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
