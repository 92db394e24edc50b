/** How a turn ended. `timed out`: its reply did not begin in time. */
export type Outcome = 'whole' | 'error' | 'client left' | 'timed out'

export type Tokens = {
  /** Input tokens that were neither read from the cache nor written to it. */
  input: number
  output: number
  cacheRead: number
  cacheCreation: number
}

/** The record of a turn, without any text of its conversation. All times are in milliseconds. */
export type TurnRecord = {
  /** The arrival of the request, since the epoch. */
  at: number
  /** The client's `request-id`. */
  id: string
  /** The API's id for the request upstream, if the runtime reported it. */
  upstreamId?: string
  /** `none` if it ended before it got a process. */
  lane: string
  /** The id of the process that served it. */
  worker?: number
  /** The name of the client's key; absent if clients need no key. */
  key?: string
  /** The requested model. */
  model: string
  /** The id that the API gave to the message. */
  messageId?: string
  /** The model that the reply names. */
  answeredBy?: string
  outcome: Outcome
  /** HTTP status; for an error in the stream, the status of its type. */
  status: number
  errorType?: string
  /** The message of an error. */
  reason?: string
  stopReason?: string
  firstEventMs?: number
  totalMs: number
  tokens: Tokens
}
