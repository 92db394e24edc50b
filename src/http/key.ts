import { createHash, timingSafeEqual } from 'node:crypto'

import { ApiError } from '../errors.ts'

/**
 * Checks the proxy's key, sent as `x-api-key` or `Authorization: Bearer`. The comparison takes the
 * same time wherever the keys differ.
 *
 * @throws ApiError 401 `authentication_error`
 */
export function checkKey(headers: Headers, key: string): void {
  const bearer = /^Bearer\s+(.*)$/i.exec(headers.get('authorization') ?? '')?.[1]
  const sent = headers.get('x-api-key') ?? bearer
  if (sent === undefined) {
    throw new ApiError(
      'authentication_error',
      'This proxy asks for a key: send it as `x-api-key`, or as `Authorization: Bearer`.',
    )
  }
  if (!timingSafeEqual(digest(sent), digest(key))) {
    throw new ApiError('authentication_error', 'invalid x-api-key')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
