import { ApiError } from '../errors.ts'
import { comparePlaces, type FilePlace } from '../files/file-place.ts'
import type { StoredFile } from '../files/file-records.ts'
import type { BatchRecords } from './batch-records.ts'
import type { Batch, OutputKind } from './batch.ts'
import type { Batches } from './batches.ts'
import { OPENAI_PATHS } from './endpoints.ts'
import { hasOutput, openaiResult, outputId, outputsUntil } from './openai-batch.ts'

/*
 * OpenAI's API has the results of a batch in two files: one for successes, one for errors. They are
 * generated from the results on request.
 */

/** OpenAI's word for them. */
export const OUTPUT_PURPOSE = 'batch_output'

export type OutputFile = {
  describe: () => Promise<StoredFile>
  content: () => AsyncIterableIterator<Uint8Array>
  delete: () => Promise<void>
  /** Its place in the list of files. */
  place: FilePlace
}

/**
 * The file of results with this id; undefined if it is not such an id.
 *
 * @throws ApiError 404 if the file does not exist, or was deleted
 */
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
  if (hasExpired(batch)) {
    throw new ApiError(
      'not_found_error',
      `The results of batch '${batchId}' were kept until ${new Date(expiresAt ?? 0).toISOString()}.`,
    )
  }
  if (!hasOutput(batch, kind as OutputKind)) {
    throw new ApiError('not_found_error', `There is no file '${id}'.`)
  }
  return outputOf(records, batch, kind as OutputKind)
}

export type OutputsPage = { limit: number; after?: FilePlace | undefined; isAscending?: boolean }

/** The files of results after a place in the list, by default the latest first; one more than `limit`. */
export async function listOutputs(
  batches: Batches | undefined,
  owner: string,
  { limit, after, isAscending = false }: OutputsPage,
): Promise<OutputFile[]> {
  if (batches === undefined) return []
  const { records } = await batches.desk()
  // Each batch has at least one file. Of the first one, the files may be before the place.
  const page = { limit: limit + 2, from: after && batchAt(after), isAscending }
  const found = await records.withResults(owner, OPENAI_PATHS, page)
  const outputs = found.flatMap((batch) =>
    (isAscending ? KINDS : KINDS.toReversed())
      .filter((kind) => hasOutput(batch, kind))
      .map((kind) => outputOf(records, batch, kind)),
  )
  const sign = isAscending ? 1 : -1
  return outputs
    .filter(({ place }) => after === undefined || comparePlaces(place, after) * sign > 0)
    .slice(0, limit + 1)
}

/** In the order of their keys. */
const KINDS = ['errors', 'output'] as const

function outputOf(records: BatchRecords, batch: Batch, kind: OutputKind): OutputFile {
  async function* content(): AsyncIterableIterator<Uint8Array> {
    const encoder = new TextEncoder()
    for await (const lines of records.allResults(batch, kind)) {
      yield encoder.encode(
        lines.map((line) => `${JSON.stringify(openaiResult(batch, line))}\n`).join(''),
      )
    }
  }

  async function measured(): Promise<number> {
    let size = 0
    for await (const { length } of content()) size += length
    await records.noteOutputSize(batch.id, kind, size)
    return size
  }

  const createdAt = batch.endedAt ?? batch.createdAt
  return {
    content,
    place: { createdAt, key: `${batch.id} ${kind}` },
    describe: async () => ({
      id: outputId(batch.id, kind),
      filename: `${batch.id}_${kind}.jsonl`,
      mimeType: 'application/jsonl',
      size: batch.outputSizes[kind] ?? (await measured()),
      purpose: OUTPUT_PURPOSE,
      createdAt,
      expiresAt: outputsUntil(batch),
    }),
    delete: () => records.deleteOutput(batch.id, kind),
  }
}

function hasExpired(batch: Batch): boolean {
  const expiresAt = outputsUntil(batch)
  return expiresAt !== null && expiresAt <= Date.now()
}

/** The batch to which a file of results at this place belongs. */
function batchAt({ createdAt, key }: FilePlace): { createdAt: number; id: string } {
  return { createdAt, id: key.split(' ')[0] ?? '' }
}
