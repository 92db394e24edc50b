import { randomBytes } from 'node:crypto'

import type { BatchStatus } from '../store/schema.ts'

export type Batch = {
  id: string
  owner: string
  endpoint: string
  betas: string[]
  /** Headers that go to the API unchanged, one per line. */
  headers: string
  status: BatchStatus
  isPaused: boolean
  /** Milliseconds since the epoch, like all times here. */
  createdAt: number
  expiresAt: number
  cancelInitiatedAt: number | null
  endedAt: number | null
  /** Additional fields of OpenAI's API: the file of the requests, and the client's notes. */
  inputFileId: string | null
  metadata: object | null
  /** Milliseconds from its end until its results are deleted; null if they are kept like the batch. */
  outputLifetime: number | null
  /** The faults in its file. A batch that has any has ended, and none of its requests was asked. */
  faults: Fault[] | null
  /** The model of its first valid request; null if there is none. */
  model: string | null
  tokens: Tokens
  counts: Counts
  /** Bytes of the two files of results; null until a file was measured, 0 once it is deleted. */
  outputSizes: Readonly<Record<OutputKind, number | null>>
}

/** OpenAI's API has the results in two files: of the requests that succeeded, and of the others. */
export type OutputKind = 'output' | 'errors'

/** The tokens of the requests that succeeded. */
export type Tokens = {
  /** Including those that were read from a cache. */
  input: number
  cached: number
  output: number
  /** The part of the output that was thinking. */
  reasoning: number
}

/** A fault in the file of a batch, in the form of OpenAI's API. */
export type Fault = {
  /** For programs. */
  code: string
  message: string
  /** The field of the line; null if no single field is at fault. */
  param: string | null
  /** From 1; null if no single line is at fault. */
  line: number | null
}

/** At any moment they add up to the number of requests. */
export type Counts = {
  processing: number
  succeeded: number
  errored: number
  canceled: number
  expired: number
}

/** The number of lines in a file of results. */
export function countOf(
  { succeeded, errored, canceled, expired }: Counts,
  kind: OutputKind,
): number {
  return kind === 'output' ? succeeded : errored + canceled + expired
}

/** How a request ended: the `result` of its line in the results. */
export type RequestResult =
  | { type: 'succeeded'; message: object }
  | { type: 'errored'; error: object }
  | { type: 'canceled' }
  | { type: 'expired' }

/** A request of a new batch. */
export type NewRequest = {
  customId: string
  /** JSON. */
  params: string
  /** The full name of its model; absent if the request has a problem. */
  model?: string
  /** The fault of a request that will not be asked. */
  problem?: RequestResult
}

/** A claimed request, to be asked now. */
export type ClaimedRequest = {
  batchId: string
  position: number
  customId: string
  params: string
  /** Including this one. */
  attempts: number
  failures: number
}

/** A line of the results. */
export type ResultLine = {
  position: number
  customId: string
  result: RequestResult
  attempts: number
}

/** @param prefix the beginning of the dialect's ids */
export function newBatchId(prefix: 'msgbatch' | 'batch'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
