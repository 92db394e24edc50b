import type { Kysely } from 'kysely'

/*
 * The tables, as both engines have them. Times are milliseconds since the epoch, flags are 0 or 1, and
 * JSON is kept as text.
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

/** `creating`: its requests are still being read, and no one sees it. */
export type BatchStatus = 'creating' | 'in_progress' | 'canceling' | 'ended'

type BatchTable = {
  id: string
  /** Whose batch it is, as `owner` of a `ClientKey`; '' if clients need no key. */
  owner: string
  /** The path that each of its requests is asked at, such as `/v1/messages`. */
  endpoint: string
  /** The `anthropic-beta` headers that it came with, separated by commas. */
  betas: string
  /** Headers that it came with, which go to the API as they are, one in a line; null if there are none. */
  headers: string | null
  status: BatchStatus
  paused: number
  created_at: number
  expires_at: number
  cancel_initiated_at: number | null
  ended_at: number | null
  /** What OpenAI's API has more of a batch: the file that it came in, and the client's notes as JSON. */
  input_file_id: string | null
  metadata: string | null
  /** Requests in all; the rest of them after the four counts is not finished yet. */
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
  /** From 0, as it stood in the batch. */
  position: number
  custom_id: string
  /** What is asked; '' once the request is finished. */
  params: string
  state: RequestState
  /** How often it was asked, counted before it is. */
  attempts: number
  /** How often the request itself failed; refusals that concern all requests do not count. */
  failures: number
  /** The earliest time of the next attempt. */
  not_before: number
  /** The worker that asks it at the moment, and the end of its lease. */
  worker: string | null
  lease_until: number | null
  /** The result's JSON, as its line of the results has it. */
  result: string | null
  ended_at: number | null
}

type FileTable = {
  id: string
  /** Whose file it is, as `owner` of a batch. */
  owner: string
  filename: string
  mime_type: string
  size: number
  /** The purpose that OpenAI's clients give; '' for the Messages API. */
  purpose: string
  created_at: number
  /** 0 while it is being read: then no one sees it. */
  ready: number
  /** When it is deleted; null if it is kept until a client deletes it. */
  expires_at: number | null
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
  /** `all` is the day's sum. */
  kind: 'all' | 'model' | 'lane' | 'key' | 'key_and_model'
  /** '' for the day's sum. */
  name: string
  requests: number
  errors: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

/** The requests of keys that have a limit of them. */
type KeyRequestTable = {
  name: string
  /** When as many as come in a minute may come at once again. */
  full_at: number
}

/** What OpenAI's Responses API keeps. */
type ResponseTable = {
  id: string
  /** Whose response it is, as `owner` of a batch. */
  owner: string
  created_at: number
  /** The response that it goes on from. */
  previous_id: string | null
  /** As the client gets it, JSON. */
  response: string
  /** The items of its request, JSON. */
  input: string
  /** What it adds to its conversation, JSON; null while it is being made. */
  added: string | null
  /** The server that makes it in the background, and the end of its lease; null once it is over. */
  worker: string | null
  lease_until: number | null
}

/** The events of a response that is made in the background. */
type ResponseEventTable = {
  response_id: string
  /** Its `sequence_number`. */
  number: number
  /** JSON. */
  event: string
}

type ConversationTable = {
  id: string
  /** Whose conversation it is, as `owner` of a batch. */
  owner: string
  created_at: number
  changed_at: number
  /** JSON. */
  metadata: string
  /** The position of the next item. */
  length: number
}

type ConversationItemTable = {
  conversation_id: string
  position: number
  item_id: string
  /** JSON. */
  item: string
}
