import { timingSafeEqual } from 'node:crypto'

import { type ClientKey, digestOf } from '../config/keys/client-key.ts'
import { ApiError } from '../errors.ts'

/** Maximum number of values that one request may try: each could be a guess. */
const MAX_SENT = 4

/**
 * Checks the proxy's key, sent as `x-api-key` or `Authorization: Bearer`. One right key is enough:
 * clients may send a placeholder in one header and the key in the other, or a header twice. The
 * comparison takes constant time, for every key.
 *
 * @param keys the valid keys; if there are none, every request is refused
 * @returns the matching key
 * @throws ApiError 401 `authentication_error`
 */
export function checkKey(headers: Headers, keys: readonly ClientKey[]): ClientKey {
  const sent = sentKeys(headers)
  if (sent.length === 0) {
    throw new ApiError(
      'authentication_error',
      'This proxy requires a key: send it as `x-api-key`, or as `Authorization: Bearer`.',
    )
  }
  const right = sent.flatMap((value) => {
    const sentDigest = digestOf(value)
    return keys.filter(({ digest }) => timingSafeEqual(sentDigest, digest))
  })
  if (right[0] === undefined) throw new ApiError('authentication_error', 'invalid x-api-key')
  return right[0]
}

/**
 * If a header is sent twice, its values are joined by a comma and a space, which no key contains.
 */
function sentKeys(headers: Headers): string[] {
  const keys = (headers.get('x-api-key') ?? '').split(', ')
  const bearers = (headers.get('authorization') ?? '')
    .split(', ')
    .map((value) => /^Bearer\s+(.*)$/i.exec(value)?.[1] ?? '')
  return [...keys, ...bearers].filter((value) => value !== '').slice(0, MAX_SENT)
}
