import { createHmac, randomBytes } from 'node:crypto'

/** Made anew by each process, so that a name is worth nothing outside of it. */
const SALT = randomBytes(32)

/**
 * Names the client of a request by the keys that it sent, as `x-api-key` or `Authorization`, looked
 * at by the proxy or not. Requests with equal keys have the same name, in whichever header they came;
 * all requests without a key share one. Whatever outlives a request and was a client's own is kept
 * under this name.
 *
 * @returns a keyed hash: no key can be read from it
 */
export function callerOf(headers: Headers): string {
  const authorization = headers.get('authorization')?.replace(/^Bearer\s+/i, '')
  const sent = [headers.get('x-api-key'), authorization].map((key) => key?.trim() ?? '')
  const keys = [...new Set(sent)].filter((key) => key !== '').toSorted((a, b) => (a < b ? -1 : 1))
  return createHmac('sha256', SALT).update(JSON.stringify(keys)).digest('base64url')
}
