import type { ClientKey } from '../config/keys/client-key.ts'

/** The values that a request carries through the routes. */
export type Variables = {
  requestId: string
  /** The client's key; undefined if clients need no key. */
  key: ClientKey | undefined
  /** The owner of data that the request leaves on disk; '' if clients need no key. */
  owner: string
}
