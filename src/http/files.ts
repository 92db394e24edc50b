import type { Context, Hono } from 'hono'

import type { Batches } from '../batches/batches.ts'
import { listOutputs, openOutput, OUTPUT_PURPOSE } from '../batches/output-file.ts'
import { ApiError } from '../errors.ts'
import { comparePlaces, placeOf } from '../files/file-place.ts'
import type { FileRecords, StoredFile } from '../files/file-records.ts'
import type { Files } from '../files/files.ts'
import { readUpload } from './multipart.ts'
import { limitOf, pageQuery } from './page-query.ts'
import { idHeaders } from './reply.ts'
import type { Variables } from './variables.ts'

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>

const PATH = '/v1/files'
const HIGHEST_LIMIT = 1000
const OPENAIS_LIMIT = 10_000
const MAX_IDS = 100
/**
 * The lifetimes of a file that the APIs allow, in seconds: 1 hour to 90 days, and to 30 days at
 * OpenAI.
 */
const SHORTEST_LIFETIME = 3600
const LONGEST_LIFETIME = 90 * 24 * 3600
const OPENAIS_LONGEST_LIFETIME = 30 * 24 * 3600

/**
 * The routes of files, in both dialects: a request with `anthropic-version` is answered as the
 * Messages API does, any other as OpenAI does. The results of OpenAI's batches are files there,
 * which are made on request. Sources: https://platform.claude.com/docs/en/build-with-claude/files,
 * https://platform.openai.com/docs/api-reference/files
 */
export function routeFiles(app: App, files: Files, batches: Batches | undefined): void {
  app.post(PATH, async (context) => {
    const records = await files.records()
    const owner = context.get('owner')
    const { result, fields } = await readUpload(context.req.raw, (filename, content) =>
      records.create(
        { owner, filename, purpose: isAnthropic(context) ? '' : 'user_data' },
        content,
      ),
    )
    try {
      const choices = isAnthropic(context) ? messagesFields(fields) : openaiFields(fields)
      const noted = {
        ...choices,
        ...(choices.lifetime && { expiresAt: result.createdAt + choices.lifetime }),
      }
      await records.note(result.id, noted)
      return respond(context, shown(context, { ...result, ...noted }))
    } catch (error) {
      await records.delete(owner, result.id)
      throw error
    }
  })

  app.get(PATH, async (context) => {
    const query = new URL(context.req.url).searchParams
    const isMessages = isAnthropic(context)
    const page = await (isMessages ? messagesPage : openaiPage)(query, {
      owner: context.get('owner'),
      records: await files.records(),
      batches,
    })
    const data = page.files.map((file) => shown(context, file))
    const lastId = page.files.at(-1)?.id ?? null
    return respond(context, {
      ...(!isMessages && { object: 'list' }),
      data,
      has_more: page.hasMore,
      first_id: page.files[0]?.id ?? null,
      last_id: lastId,
      ...(isMessages && { next_page: page.hasMore ? lastId : null }),
    })
  })

  app.get(`${PATH}/:id`, async (context) => {
    const [owner, id] = [context.get('owner'), context.req.param('id')]
    const output = await openOutput(batches, owner, id)
    if (output !== undefined) return respond(context, shown(context, await output.describe()))
    return respond(context, shown(context, await (await files.records()).get(owner, id)))
  })

  app.get(`${PATH}/:id/content`, async (context) => {
    const [owner, id] = [context.get('owner'), context.req.param('id')]
    const output = await openOutput(batches, owner, id)
    if (output !== undefined) return sendBytes(context, 'application/jsonl', output.content())
    const records = await files.records()
    const { mimeType } = await records.get(owner, id)
    return sendBytes(context, mimeType, records.content(id))
  })

  app.delete(`${PATH}/:id`, async (context) => {
    const [owner, id] = [context.get('owner'), context.req.param('id')]
    const output = await openOutput(batches, owner, id)
    if (output !== undefined) await output.delete()
    else await (await files.records()).delete(owner, id)
    return respond(
      context,
      isAnthropic(context) ? { id, type: 'file_deleted' } : { id, object: 'file', deleted: true },
    )
  })
}

type Page = { files: StoredFile[]; hasMore: boolean }
type Kept = { owner: string; records: FileRecords; batches: Batches | undefined }

/** The requested page, by `page`, by the earlier `after_id` and `before_id`, or by `ids`. */
async function messagesPage(query: URLSearchParams, { owner, records }: Kept): Promise<Page> {
  const ids = [...new Set([...query.getAll('ids'), ...query.getAll('ids[]')])]
  const page = query.get('page')
  if (ids.length > MAX_IDS) throw wrong(`ids: at most ${MAX_IDS}`)
  if (ids.length > 0 && (page !== null || query.has('limit'))) {
    throw wrong('ids: not allowed together with page or limit')
  }
  if (ids.length > 0) return records.list(owner, { limit: MAX_IDS, ids })
  const { limit, afterId, beforeId } = pageQuery(query, HIGHEST_LIMIT)
  const placeAt = async (id: string | undefined) =>
    id === undefined ? undefined : placeOf(await records.get(owner, id))
  const [after, before] = [await placeAt(page ?? afterId), await placeAt(beforeId)]
  return records.list(owner, {
    limit,
    ...(after && { after }),
    ...(!after && before && { before }),
  })
}

/** Lists the results of batches as well: at OpenAI they are files. */
async function openaiPage(
  query: URLSearchParams,
  { owner, records, batches }: Kept,
): Promise<Page> {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw wrong("order: Input should be 'asc' or 'desc'")
  const limit = limitOf(query.get('limit') ?? String(OPENAIS_LIMIT), OPENAIS_LIMIT)
  const [afterId, purpose] = [query.get('after'), query.get('purpose')]
  const after = afterId
    ? ((await openOutput(batches, owner, afterId))?.place ??
      placeOf(await records.get(owner, afterId)))
    : undefined
  const page = { limit, after, isAscending: order === 'asc' }
  const uploaded = await records.list(owner, { ...page, ...(purpose && { purpose }) })
  const outputs =
    purpose === null || purpose === OUTPUT_PURPOSE ? await listOutputs(batches, owner, page) : []
  const sign = order === 'asc' ? 1 : -1
  const all = [
    ...uploaded.files.map((file) => ({ place: placeOf(file), describe: async () => file })),
    ...outputs,
  ].toSorted((a, b) => comparePlaces(a.place, b.place) * sign)
  const found: StoredFile[] = []
  // The size of a file of results is measured at the first time, so one after the other.
  for (const file of all.slice(0, limit)) found.push(await file.describe())
  return { files: found, hasMore: uploaded.hasMore || all.length > limit }
}

type Fields = ReadonlyMap<string, string>
/** @param lifetime milliseconds */
type FileChoices = { purpose?: string; lifetime?: number }

function messagesFields(fields: Fields): FileChoices {
  return lifetimeIn(fields, 'expires_in_seconds', LONGEST_LIFETIME)
}

function openaiFields(fields: Fields): FileChoices {
  const purpose = fields.get('purpose')
  if (purpose !== undefined && !/^[\w-]{1,64}$/.test(purpose)) {
    throw wrong('purpose: 1 to 64 of letters, digits, - and _')
  }
  const anchor = fields.get('expires_after[anchor]') ?? 'created_at'
  if (anchor !== 'created_at') throw wrong("expires_after.anchor: Input should be 'created_at'")
  return {
    ...(purpose !== undefined && { purpose }),
    ...lifetimeIn(fields, 'expires_after[seconds]', OPENAIS_LONGEST_LIFETIME),
  }
}

function lifetimeIn(fields: Fields, name: string, longest: number): { lifetime?: number } {
  const text = fields.get(name)
  if (text === undefined) return {}
  const seconds = /^\d+$/.test(text) ? Number(text) : 0
  if (seconds < SHORTEST_LIFETIME || seconds > longest) {
    throw wrong(`${name}: a number from ${SHORTEST_LIFETIME} to ${longest}`)
  }
  return { lifetime: seconds * 1000 }
}

function wrong(message: string): ApiError {
  return new ApiError('invalid_request_error', message)
}

/** A file as the caller's API has it. */
function shown(context: Call, file: StoredFile): object {
  const { id, filename, size, createdAt, expiresAt } = file
  if (isAnthropic(context)) {
    return {
      id,
      type: 'file',
      filename,
      mime_type: file.mimeType,
      size_bytes: size,
      created_at: new Date(createdAt).toISOString(),
      downloadable: true,
      expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    }
  }
  return {
    id,
    object: 'file',
    bytes: size,
    created_at: Math.floor(createdAt / 1000),
    filename,
    purpose: file.purpose === '' ? 'user_data' : file.purpose,
    status: 'processed',
    ...(expiresAt !== null && { expires_at: Math.floor(expiresAt / 1000) }),
  }
}

function isAnthropic(context: Call): boolean {
  return context.req.header('anthropic-version') !== undefined
}

/** A browser must not run uploaded content, so it is never served as a page. */
function sendBytes(
  context: Call,
  type: string,
  content: AsyncIterableIterator<Uint8Array>,
): Response {
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await content.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await content.return?.()
    },
  })
  return new Response(stream, {
    headers: {
      ...idHeaders(context.get('requestId')),
      'content-type': type,
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    },
  })
}

function respond(context: Call, body: object): Response {
  return Response.json(body, { headers: idHeaders(context.get('requestId')) })
}
