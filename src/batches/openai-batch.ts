import { ApiError } from '../errors.ts'
import { openaiErrorBody } from '../openai/error-body.ts'
import { type Batch, countOf, type OutputKind, type ResultLine } from './batch.ts'

/**
 * A batch in the form of OpenAI's API.
 * Source: https://platform.openai.com/docs/api-reference/batch/object
 */
export function openaiBatch(batch: Batch): object {
  const { succeeded, errored, canceled, expired, processing } = batch.counts
  const { input, cached, output, reasoning } = batch.tokens
  const ended = seconds(batch.endedAt)
  const status = statusOf(batch)
  const hasBegun = status !== 'failed'
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    model: batch.model,
    errors: batch.faults && { object: 'list', data: batch.faults },
    input_file_id: batch.inputFileId,
    completion_window: COMPLETION_WINDOW,
    status,
    output_file_id: hasOutput(batch, 'output') ? outputId(batch.id, 'output') : null,
    error_file_id: hasOutput(batch, 'errors') ? outputId(batch.id, 'errors') : null,
    created_at: seconds(batch.createdAt),
    in_progress_at: hasBegun ? seconds(batch.createdAt) : null,
    expires_at: seconds(batch.expiresAt),
    finalizing_at: hasBegun ? ended : null,
    completed_at: status === 'completed' ? ended : null,
    failed_at: status === 'failed' ? ended : null,
    expired_at: status === 'expired' ? ended : null,
    cancelling_at: seconds(batch.cancelInitiatedAt),
    cancelled_at: status === 'cancelled' ? ended : null,
    // As at OpenAI, `failed` has only requests that were asked or refused, and not the cancelled and
    // expired ones. Those are in the error file, too.
    request_counts: {
      total: processing + succeeded + errored + canceled + expired,
      completed: succeeded,
      failed: errored,
    },
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    },
    metadata: batch.metadata,
  }
}

/** The only window that OpenAI's API has. A batch here expires after `batch_expiry`. */
export const COMPLETION_WINDOW = '24h'

/** When the results of a batch are deleted; null if that is not known. */
export function outputsUntil({ endedAt, outputLifetime }: Batch): number | null {
  return endedAt === null || outputLifetime === null ? null : endedAt + outputLifetime
}

/** A line of the output file or of the error file. `attempts` is this proxy's addition. */
export function openaiResult(batch: Batch, line: ResultLine): object {
  const { customId, result, attempts, position } = line
  const id = `batch_req_${batch.id.slice(-12)}_${position}`
  const base = { id, custom_id: customId, attempts }
  switch (result.type) {
    case 'succeeded':
      return {
        ...base,
        response: { status_code: 200, request_id: id, body: result.message },
        error: null,
      }
    case 'errored': {
      const { error } = result.error as { error: { type: string; message: string } }
      const apiError = new ApiError(error.type, error.message)
      return {
        ...base,
        response: { status_code: apiError.status, request_id: id, body: openaiErrorBody(apiError) },
        error: null,
      }
    }
    case 'canceled':
      return {
        ...base,
        response: null,
        error: {
          code: 'batch_cancelled',
          message: 'This request was not sent before the batch was cancelled.',
        },
      }
    case 'expired':
      return {
        ...base,
        response: null,
        error: {
          code: 'batch_expired',
          message: 'This request could not be executed before the completion window expired.',
        },
      }
    default:
      throw new Error(`Unknown result ${String(result satisfies never)}.`)
  }
}

/** Whether a batch has this file of results. It may have been deleted. */
export function hasOutput({ status, counts, outputSizes }: Batch, kind: OutputKind): boolean {
  return status === 'ended' && countOf(counts, kind) > 0 && outputSizes[kind] !== 0
}

/** The id of one of the two files with a batch's results. */
export function outputId(batchId: string, kind: OutputKind): string {
  return `file-${kind}-${batchId}`
}

export function statusOf({ status, counts, cancelInitiatedAt, faults }: Batch): string {
  if (faults !== null) return 'failed'
  if (status === 'canceling') return 'cancelling'
  if (status !== 'ended') return 'in_progress'
  if (cancelInitiatedAt !== null) return 'cancelled'
  return counts.expired > 0 ? 'expired' : 'completed'
}

function seconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.floor(milliseconds / 1000)
}
