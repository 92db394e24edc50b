import type { Context, Hono } from 'hono'

import type { Batches } from '../batches/batches.ts'
import { openOutput } from '../batches/output-file.ts'
import { ApiError } from '../errors.ts'
import type { StoredFile } from '../files/file-records.ts'
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

/**
 * The routes of files, in both dialects: a request with `anthropic-version` is answered as the
 * Messages API does, any other as OpenAI does. The results of OpenAI's batches are files there,
 * made when they are asked for.
 * Sources: https://platform.claude.com/docs/en/build-with-claude/files,
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
    const purpose = fields.get('purpose')
    if (isAnthropic(context) || purpose === undefined)
      return respond(context, shown(context, result))
    await records.setPurpose(result.id, purpose)
    return respond(context, shown(context, { ...result, purpose }))
  })

  app.get(PATH, async (context) => {
    const records = await files.records()
    const query = new URL(context.req.url).searchParams
    const owner = context.get('owner')
    const page = isAnthropic(context)
      ? await records.list(owner, pageQuery(query, HIGHEST_LIMIT))
      : await records.list(owner, {
          limit: limitOf(query.get('limit') ?? String(OPENAIS_LIMIT), OPENAIS_LIMIT),
          ...(query.get('after') && { afterId: query.get('after') ?? '' }),
          ...(query.get('purpose') && { purpose: query.get('purpose') ?? '' }),
        })
    const data = page.files.map((file) => shown(context, file))
    return respond(context, {
      ...(!isAnthropic(context) && { object: 'list' }),
      data,
      has_more: page.hasMore,
      first_id: page.files[0]?.id ?? null,
      last_id: page.files.at(-1)?.id ?? null,
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
    if ((await openOutput(batches, owner, id)) !== undefined) {
      throw new ApiError(
        'invalid_request_error',
        'The results of a batch are deleted with it: DELETE /v1/batches/{id}.',
      )
    }
    await (await files.records()).delete(owner, id)
    return respond(
      context,
      isAnthropic(context) ? { id, type: 'file_deleted' } : { id, object: 'file', deleted: true },
    )
  })
}

/** A file as the caller's API has it. */
function shown(context: Call, file: StoredFile): object {
  const { id, filename, size, createdAt } = file
  if (isAnthropic(context)) {
    return {
      id,
      type: 'file',
      filename,
      mime_type: file.mimeType,
      size_bytes: size,
      created_at: new Date(createdAt).toISOString(),
      downloadable: true,
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
