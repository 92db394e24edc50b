/** What a request carries through the routes. */
export type Variables = {
  requestId: string
  /** Whose request it is, for what is kept on disk (`ownerOf`); '' where clients need no key. */
  owner: string
}
