/** How a turn ended. `timed out`: its reply did not begin in time. */
export type Outcome = 'whole' | 'error' | 'client left' | 'timed out'

export type Tokens = {
  /** Neither read from the cache nor written to it. */
  input: number
  output: number
  cacheRead: number
  cacheCreation: number
}

/** The record of a turn, without any text of its conversation. All times are in milliseconds. */
export type TurnRecord = {
  /** When the request came, since the epoch. */
  at: number
  /** The `request-id` that the client got. */
  id: string
  /** The API's own id for the request upstream, if the runtime reported it. */
  upstreamId?: string
  /** `none` if it ended before it got a process. */
  lane: string
  /** The id of the process that served it. */
  worker?: number
  /** The name of the key that it came with; absent if clients need none. */
  key?: string
  /** The model that was asked. */
  model: string
  /** The id that the API gave to the message. */
  messageId?: string
  /** The model that the reply names. */
  answeredBy?: string
  outcome: Outcome
  /** HTTP status, or the one that an error in the stream stands for. */
  status: number
  errorType?: string
  /** The message of an error. */
  reason?: string
  stopReason?: string
  firstEventMs?: number
  totalMs: number
  tokens: Tokens
}
