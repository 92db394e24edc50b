import type { Context, Hono } from 'hono'
import { z } from 'zod'

import { parseJson } from '../api/parse-json.ts'
import type { Batch } from '../batches/batch.ts'
import type { Batches } from '../batches/batches.ts'
import { OPENAI_PATHS } from '../batches/endpoints.ts'
import { COMPLETION_WINDOW, openaiBatch, statusOf } from '../batches/openai-batch.ts'
import { ApiError } from '../errors.ts'
import type { Files } from '../files/files.ts'
import { invalid } from '../openai/invalid.ts'
import { IDLE_TIMEOUT, readBody } from './body.ts'
import { limitOf } from './page-query.ts'
import { betasOf, idHeaders, passedHeaders } from './reply.ts'
import type { Variables } from './variables.ts'

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>

const PATH = '/v1/batches'
const HIGHEST_LIMIT = 100
/** Maximum bytes of the description of a batch; its requests are in a file. */
const MAX_BYTES = 64 * 1024

/** OpenAI's limits. */
const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((notes) => Object.keys(notes).length <= 16, 'at most 16 pairs')

const description = z.looseObject({
  input_file_id: z.string(),
  endpoint: z.enum(OPENAI_PATHS),
  completion_window: z.literal(COMPLETION_WINDOW),
  metadata: metadata.nullish(),
  output_expires_after: z
    .looseObject({
      anchor: z.literal('created_at'),
      /** 1 hour to 30 days. */
      seconds: z.int().min(3600).max(2_592_000),
    })
    .nullish(),
})

/**
 * The routes of OpenAI's batches: their requests are lines of a file, and so are their results.
 * Source: https://platform.openai.com/docs/api-reference/batch
 */
export function routeOpenaiBatches(app: App, batches: Batches, files: Files): void {
  app.post(PATH, async (context) => {
    const { raw } = context.req
    const { endpoint, ...origin } = describedIn(
      await parseJson(await readBody(raw, { maxSize: MAX_BYTES, idleTimeout: IDLE_TIMEOUT })),
    )
    const owner = context.get('owner')
    const records = await files.records()
    await records.get(owner, origin.inputFileId)
    const desk = await batches.desk()
    const batch = await desk.createFromFile(
      records.content(origin.inputFileId),
      endpoint,
      { owner, betas: betasOf(raw.headers), headers: passedHeaders(raw.headers) },
      origin,
    )
    return answer(context, batch)
  })

  app.get(PATH, async (context) => {
    const query = new URL(context.req.url).searchParams
    const after = query.get('after')
    const { records } = await batches.desk()
    const { batches: found, hasMore } = await records.list(context.get('owner'), OPENAI_PATHS, {
      limit: limitOf(query.get('limit'), HIGHEST_LIMIT),
      ...(after !== null && { afterId: after }),
    })
    return respond(context, {
      object: 'list',
      data: found.map(openaiBatch),
      has_more: hasMore,
      first_id: found[0]?.id ?? null,
      last_id: found.at(-1)?.id ?? null,
    })
  })

  app.get(`${PATH}/:id`, async (context) => {
    const { records } = await batches.desk()
    return answer(context, await records.get(context.get('owner'), context.req.param('id')))
  })

  app.post(`${PATH}/:id/cancel`, async (context) => {
    const { records, runner } = await batches.desk()
    const [owner, id] = [context.get('owner'), context.req.param('id')]
    const before = await records.get(owner, id)
    if (before.status === 'ended') throw notCancellable(before)
    const batch = await records.cancel(owner, id)
    runner.wake()
    return answer(context, batch)
  })

  // OpenAI's API has no such route. It lets an owner delete a batch with its texts.
  app.delete(`${PATH}/:id`, async (context) => {
    const { records } = await batches.desk()
    const id = context.req.param('id')
    await records.delete(context.get('owner'), id)
    return respond(context, { id, object: 'batch', deleted: true })
  })
}

function describedIn(value: unknown) {
  const { data, error } = description.safeParse(value)
  if (error) {
    const [issue] = error.issues
    const field = issue?.path.join('.') ?? ''
    throw invalid(`${field}: ${issue?.message ?? 'wrong'}`, field)
  }
  const { input_file_id: inputFileId, endpoint, metadata: notes, output_expires_after: end } = data
  return {
    inputFileId,
    endpoint,
    ...(notes && { metadata: notes }),
    ...(end && { outputLifetime: end.seconds * 1000 }),
  }
}

function notCancellable(batch: Batch): ApiError {
  const message = `Cannot cancel a batch with status '${statusOf(batch)}'.`
  return new ApiError('invalid_request_error', message, { status: 409 })
}

function answer(context: Call, batch: Batch): Response {
  if (!OPENAI_PATHS.some((path) => path === batch.endpoint)) {
    throw new ApiError('not_found_error', `There is no batch '${batch.id}'.`)
  }
  return respond(context, openaiBatch(batch))
}

function respond(context: Call, body: object): Response {
  return Response.json(body, { headers: idHeaders(context.get('requestId')) })
}
