import type { Kysely } from 'kysely'

/*
 * The tables, the same for both engines. Times are milliseconds since the epoch, flags are 0 or 1,
 * and JSON is kept as text.
 */

export type Schema = {
  batches: BatchTable
  batch_requests: BatchRequestTable
  files: FileTable
  file_chunks: FileChunkTable
  usage: UsageTable
  key_requests: KeyRequestTable
  responses: ResponseTable
  response_events: ResponseEventTable
  conversations: ConversationTable
  conversation_items: ConversationItemTable
}

export type Database = Kysely<Schema>

/** `creating`: its requests are still being read, and it is invisible. */
export type BatchStatus = 'creating' | 'in_progress' | 'canceling' | 'ended'

type BatchTable = {
  id: string
  /** The `owner` of its `ClientKey`; '' if clients need no key. */
  owner: string
  /** The path of the endpoint for its requests, such as `/v1/messages`. */
  endpoint: string
  /** Its `anthropic-beta` headers, separated by commas. */
  betas: string
  /** Headers of its creation that go to the API unchanged, one per line; null if there are none. */
  headers: string | null
  status: BatchStatus
  paused: number
  created_at: number
  expires_at: number
  cancel_initiated_at: number | null
  ended_at: number | null
  /**
   * Additional fields of OpenAI's API: the file of the requests, and the client's notes as JSON.
   */
  input_file_id: string | null
  metadata: string | null
  /** The model of its first valid request, by its full name. */
  model: string | null
  /** The faults in its file, as JSON, if it failed for them. */
  errors: string | null
  /** Milliseconds from its end until its results are deleted; null if they are kept like the batch. */
  output_lifetime: number | null
  /** The server that accepts it, and the end of its lease; null once it is open. */
  worker: string | null
  lease_until: number | null
  /** Tokens of the requests that succeeded. `input_tokens` includes `cached_tokens`. */
  input_tokens: number
  cached_tokens: number
  output_tokens: number
  reasoning_tokens: number
  /**
   * Bytes of the two files of results in OpenAI's form; null until a file was measured, 0 once it is
   * deleted.
   */
  output_size: number | null
  errors_size: number | null
  /** Total number of requests. Those in none of the four counts are unfinished. */
  total: number
  succeeded: number
  errored: number
  canceled: number
  expired: number
}

/** The last four are final. */
export type RequestState = 'waiting' | 'running' | 'succeeded' | 'errored' | 'canceled' | 'expired'

type BatchRequestTable = {
  batch_id: string
  /** The position in the batch, from 0. */
  position: number
  custom_id: string
  /** The request's JSON; '' once the request is finished. */
  params: string
  state: RequestState
  /** The number of attempts; an attempt is counted before it begins. */
  attempts: number
  /** How often the request itself failed; refusals that concern all requests do not count. */
  failures: number
  /** The earliest time of the next attempt. */
  not_before: number
  /** The worker that asks it now, and the end of its lease. */
  worker: string | null
  lease_until: number | null
  /** The result's JSON, for its line of the results. */
  result: string | null
  ended_at: number | null
}

type FileTable = {
  id: string
  /** The owner of the file, like `owner` of a batch. */
  owner: string
  filename: string
  mime_type: string
  /** Bytes; while it is being read, those that are stored so far. */
  size: number
  /** The purpose that OpenAI's clients give; '' for the Messages API. */
  purpose: string
  created_at: number
  /** 0 while it is being read: then it is invisible. */
  ready: number
  /** When it is deleted; null if it is kept until a client deletes it. */
  expires_at: number | null
  /** The server that reads it, and the end of its lease; null once it is complete. */
  worker: string | null
  lease_until: number | null
}

/** The bytes of a file, piece by piece. */
type FileChunkTable = {
  file_id: string
  position: number
  content: Uint8Array
}

/** Counts of requests and tokens: of a day, and of each model, lane and key on it. */
export type UsageTable = {
  /** `2026-11-25`, in the local time of the servers. */
  date: string
  /** `all` stands for the sum of the day. */
  kind: 'all' | 'model' | 'lane' | 'key' | 'key_and_model'
  /** '' for the sum of the day. */
  name: string
  requests: number
  errors: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

/** The recent requests of keys with a limit. */
type KeyRequestTable = {
  name: string
  /** When the full number of requests per minute is available again. */
  full_at: number
}

/** The stored objects of OpenAI's Responses API. */
type ResponseTable = {
  id: string
  /** The owner of the response, like `owner` of a batch. */
  owner: string
  created_at: number
  /** The response that it continues. */
  previous_id: string | null
  /** The response in the client's form, as JSON. */
  response: string
  /** The items of its request, as JSON. */
  input: string
  /** Its addition to the conversation, as JSON; null while it is in progress. */
  added: string | null
  /**
   * The server that makes it in the background, and the end of its lease; null once it has ended.
   */
  worker: string | null
  lease_until: number | null
  /** Bytes, with its events. */
  size: number
  /** When it was last read or continued, to the hour. */
  used_at: number
}

/** The events of a background response. */
type ResponseEventTable = {
  response_id: string
  /** Its `sequence_number`. */
  number: number
  /** JSON. */
  event: string
}

type ConversationTable = {
  id: string
  /** The owner of the conversation, like `owner` of a batch. */
  owner: string
  created_at: number
  changed_at: number
  /** JSON. */
  metadata: string
  /** The position of the next item. */
  length: number
  /** Bytes, with its items. */
  size: number
  /** When it was last read or changed, to the hour. */
  used_at: number
}

type ConversationItemTable = {
  conversation_id: string
  position: number
  item_id: string
  /** JSON. */
  item: string
}
