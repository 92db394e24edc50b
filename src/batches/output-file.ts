import { ApiError } from '../errors.ts'
import type { StoredFile } from '../files/file-records.ts'
import type { Batches } from './batches.ts'
import { openaiResult, outputsUntil } from './openai-batch.ts'

/*
 * OpenAI's API has the results of a batch in two files: one for successes, one for errors. They are
 * generated from the results on request.
 */

export type OutputFile = {
  describe: () => Promise<StoredFile>
  content: () => AsyncIterableIterator<Uint8Array>
}

/** The file of results with this id; undefined if it is not such an id. */
export async function openOutput(
  batches: Batches | undefined,
  owner: string,
  id: string,
): Promise<OutputFile | undefined> {
  const [, kind, batchId] = /^file-(output|errors)-(.+)$/.exec(id) ?? []
  if (batches === undefined || batchId === undefined) return undefined
  const { records } = await batches.desk()
  const batch = await records.get(owner, batchId)
  const expiresAt = outputsUntil(batch)
  if (expiresAt !== null && expiresAt <= Date.now()) {
    throw new ApiError(
      'not_found_error',
      `The results of batch '${batchId}' were kept until ${new Date(expiresAt).toISOString()}.`,
    )
  }

  async function* content(): AsyncIterableIterator<Uint8Array> {
    const encoder = new TextEncoder()
    for await (const lines of records.allResults(batch)) {
      const wanted = lines.filter(
        ({ result }) => (result.type === 'succeeded') === (kind === 'output'),
      )
      const text = wanted.map((line) => `${JSON.stringify(openaiResult(batch, line))}\n`).join('')
      if (text !== '') yield encoder.encode(text)
    }
  }

  return {
    content,
    async describe() {
      let size = 0
      for await (const { length } of content()) size += length
      return {
        id,
        filename: `${batch.id}_${kind}.jsonl`,
        mimeType: 'application/jsonl',
        size,
        purpose: 'batch_output',
        createdAt: batch.endedAt ?? batch.createdAt,
        expiresAt,
      }
    },
  }
}
