import type { Batch, ResultLine } from './batch.ts'

/**
 * A batch in the form of the Messages API.
 * Source: https://platform.claude.com/docs/en/api/creating-message-batches
 */
export type MessageBatch = {
  id: string
  type: 'message_batch'
  processing_status: 'in_progress' | 'canceling' | 'ended'
  request_counts: Batch['counts']
  /** RFC 3339, like all times here. */
  created_at: string
  expires_at: string
  ended_at: string | null
  cancel_initiated_at: string | null
  archived_at: null
  /** Null until the batch has ended. */
  results_url: string | null
}

/** @param resultsUrl the address of its results, once it has ended */
export function messageBatch(batch: Batch, resultsUrl: string): MessageBatch {
  const { status } = batch
  if (status === 'creating') throw new Error('No one sees a batch that is not whole.')
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: status,
    request_counts: batch.counts,
    created_at: isoTime(batch.createdAt),
    expires_at: isoTime(batch.expiresAt),
    ended_at: batch.endedAt === null ? null : isoTime(batch.endedAt),
    cancel_initiated_at: batch.cancelInitiatedAt === null ? null : isoTime(batch.cancelInitiatedAt),
    archived_at: null,
    results_url: status === 'ended' ? resultsUrl : null,
  }
}

/**
 * A line of the results. `attempts` is this proxy's addition: more than 1 means that the request
 * may have been sent twice.
 */
export function messageResult({ customId, result, attempts }: ResultLine): object {
  return { custom_id: customId, result, attempts }
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
