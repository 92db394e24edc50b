import { randomBytes } from 'node:crypto'

import type { BatchStatus } from '../store/schema.ts'

export type Batch = {
  id: string
  owner: string
  endpoint: string
  betas: string[]
  /** Headers that go to the API as they are, one in a line. */
  headers: string
  status: BatchStatus
  isPaused: boolean
  /** Milliseconds since the epoch, as all times here. */
  createdAt: number
  expiresAt: number
  cancelInitiatedAt: number | null
  endedAt: number | null
  /** What OpenAI's API has more: the file that it came in, and the client's notes. */
  inputFileId: string | null
  metadata: object | null
  counts: Counts
}

/** They add up to the number of requests at any moment. */
export type Counts = {
  processing: number
  succeeded: number
  errored: number
  canceled: number
  expired: number
}

/** How a request ended, as `result` of its line in the results has it. */
export type RequestResult =
  | { type: 'succeeded'; message: object }
  | { type: 'errored'; error: object }
  | { type: 'canceled' }
  | { type: 'expired' }

/** A request as it is put into a batch. */
export type NewRequest = {
  customId: string
  /** JSON. */
  params: string
  /** What is wrong with it, where it will not be asked. */
  problem?: RequestResult
}

/** A request that was claimed, to be asked now. */
export type ClaimedRequest = {
  batchId: string
  position: number
  customId: string
  params: string
  /** This one included. */
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

/** @param prefix as the dialect's ids have it */
export function newBatchId(prefix: 'msgbatch' | 'batch'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
