/** The progress of a batch, for the page. It has no text of a conversation. */
export type BatchProgress = {
  id: string
  /** `/v1/messages` and the like. */
  endpoint: string
  /** ISO 8601, like all times here. */
  created_at: string
  expires_at: string
  status: 'in_progress' | 'canceling'
  paused: boolean
  /** They add up to the number of requests. */
  counts: {
    processing: number
    succeeded: number
    errored: number
    canceled: number
    expired: number
  }
  /** Requests that this server is asking now. */
  in_flight: number
  /** Recent rate: requests finished per minute; null before it is known. */
  rate_per_minute: number | null
  /** When it will be done at this rate; null if that is unknown. */
  done_at: string | null
  /** Why its requests wait now, and until when, if that is known. */
  waits_for: { reason: BatchWait; until: string | null } | null
}

export type BatchWait =
  | 'resume'
  | 'interactive requests'
  | 'plan window'
  /** A limit of the batch's key. */
  | 'key limit'
  /** The batch's key no longer exists. */
  | 'key'
  | 'rate limit'
  | 'overload'
  | 'login'
  | 'billing'
  | 'next attempt'
  | 'store'
