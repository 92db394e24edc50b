/** The values that a request carries through the routes. */
export type Variables = {
  requestId: string
  /** The owner of data that the request leaves on disk (`ownerOf`); '' if clients need no key. */
  owner: string
}
