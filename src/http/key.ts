import { createHash, timingSafeEqual } from 'node:crypto'

import { ApiError } from '../errors.ts'

/**
 * Checks the proxy's key, sent as `x-api-key` or `Authorization: Bearer`. The comparison takes the
 * same time wherever the keys differ, and with each of them.
 *
 * @param keys of which each will do; where there is none, no one gets in
 * @throws ApiError 401 `authentication_error`
 */
export function checkKey(headers: Headers, keys: readonly string[]): void {
  const sent = sentKey(headers)
  if (sent === undefined) {
    throw new ApiError(
      'authentication_error',
      'This proxy asks for a key: send it as `x-api-key`, or as `Authorization: Bearer`.',
    )
  }
  const sentDigest = digest(sent)
  const matches = keys.map((key) => timingSafeEqual(sentDigest, digest(key)))
  if (!matches.includes(true)) throw new ApiError('authentication_error', 'invalid x-api-key')
}

/** The key that a request brings; undefined where there is none. */
export function sentKey(headers: Headers): string | undefined {
  const bearer = /^Bearer\s+(.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return headers.get('x-api-key') ?? bearer
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
