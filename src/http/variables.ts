import type { ClientKey } from '../config/keys/client-key.ts'

/** The values that a request carries through the routes. */
export type Variables = {
  requestId: string
  /** The key that let the request in; undefined if clients need none. */
  key: ClientKey | undefined
  /** The owner of data that the request leaves on disk ; '' if clients need no key. */
  owner: string
}
