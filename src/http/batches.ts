import type { Context, Hono } from 'hono'

import type { Batches } from '../batches/batches.ts'
import { MESSAGES_PATH } from '../batches/endpoints.ts'
import { messageBatch, messageResult } from '../batches/message-batch.ts'
import type { Batch } from '../batches/batch.ts'
import type { BatchRecords } from '../batches/batch-records.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import { bodyChunks } from './body.ts'
import { pageQuery } from './page-query.ts'
import { betasOf, passedHeaders } from './reply.ts'
import type { Variables } from './variables.ts'

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>

const PATH = '/v1/messages/batches'
const HIGHEST_LIMIT = 1000

/**
 * The routes of Message Batches, and two of our own: `POST …/{id}/pause` and `…/resume`.
 * Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing
 */
export function routeBatches(app: App, batches: Batches): void {
  const records = async (): Promise<BatchRecords> => (await batches.desk()).records

  app.post(PATH, async (context) => {
    const desk = await batches.desk()
    const { raw } = context.req
    const caller = {
      owner: context.get('owner'),
      betas: betasOf(raw.headers),
      headers: passedHeaders(raw.headers),
    }
    try {
      return answer(context, await desk.create(bodyChunks(raw), caller))
    } catch (cause) {
      if (!raw.signal.aborted) throw cause
      throw new ClientLeft(cause)
    }
  })

  app.get(PATH, async (context) => {
    const query = pageQuery(new URL(context.req.url).searchParams, HIGHEST_LIMIT)
    const owner = context.get('owner')
    const page = await (await records()).list(owner, [MESSAGES_PATH], query)
    const found = page.batches
    return respond(context, {
      data: found.map((batch) => shown(context, batch)),
      has_more: page.hasMore,
      first_id: found[0]?.id ?? null,
      last_id: found.at(-1)?.id ?? null,
    })
  })

  app.get(`${PATH}/:id`, async (context) =>
    answer(context, await (await records()).get(context.get('owner'), context.req.param('id'))),
  )

  app.post(`${PATH}/:id/cancel`, async (context) => {
    const { records: all, runner } = await batches.desk()
    const batch = await all.cancel(context.get('owner'), context.req.param('id'))
    runner.wake()
    return answer(context, batch)
  })

  for (const verb of ['pause', 'resume'] as const) {
    app.post(`${PATH}/:id/${verb}`, async (context) => {
      const { records: all, runner } = await batches.desk()
      const id = context.req.param('id')
      const batch = await all.setPaused(context.get('owner'), id, verb === 'pause')
      runner.wake()
      return answer(context, batch)
    })
  }

  app.delete(`${PATH}/:id`, async (context) => {
    const id = context.req.param('id')
    await (await records()).delete(context.get('owner'), id)
    return respond(context, { id, type: 'message_batch_deleted' })
  })

  app.get(`${PATH}/:id/results`, async (context) => {
    const all = await records()
    const batch = await all.get(context.get('owner'), context.req.param('id'))
    if (batch.status !== 'ended') {
      throw new ApiError(
        'invalid_request_error',
        `The batch '${batch.id}' has no results yet: it has not ended.`,
      )
    }
    return new Response(resultLines(all, batch), {
      headers: {
        'content-type': 'application/x-jsonl',
        'request-id': context.get('requestId'),
      },
    })
  })
}

/** The results as lines of JSON, read at the speed of the client. */
function resultLines(records: BatchRecords, batch: Batch): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const pages = records.allResults(batch)
  return new ReadableStream({
    async pull(controller) {
      const { done, value: lines } = await pages.next()
      if (done) return controller.close()
      const text = lines.map((line) => `${JSON.stringify(messageResult(line))}\n`).join('')
      controller.enqueue(encoder.encode(text))
    },
  })
}

function shown(context: Call, batch: Batch): object {
  return messageBatch(batch, `${originOf(context)}${PATH}/${batch.id}/results`)
}

function answer(context: Call, batch: Batch): Response {
  return respond(context, shown(context, batch))
}

function respond(context: Call, body: object): Response {
  return Response.json(body, { headers: { 'request-id': context.get('requestId') } })
}

/**
 * The address that the client uses for this server. A reverse proxy reports whether it is `https`.
 */
function originOf(context: Call): string {
  const { origin, host } = new URL(context.req.url)
  return context.req.header('x-forwarded-proto') === 'https' ? `https://${host}` : origin
}
