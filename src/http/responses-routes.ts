import type { Context, Hono } from 'hono'

import type { Client, ResponseShelf } from '../responses/stored.ts'
import type { CountTokensOptions } from './count-tokens.ts'
import {
  postConversation,
  postConversationChanges,
  postConversationItems,
} from './conversations.ts'
import { listPage } from './list-page.ts'
import { idHeaders } from './reply.ts'
import { serveResponsesSocket } from './responses-socket.ts'
import { postCompaction, postInputTokens } from './responses-side.ts'
import { getResponse, postResponse, type ResponsesOptions } from './responses.ts'
import { upgrade } from './upgrade.ts'
import type { Variables } from './variables.ts'

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>
type Options = Omit<ResponsesOptions, 'responses' | 'conversations'> & CountTokensOptions & Client

export type ResponsesRoutesInput = {
  /** Gives a client its options. */
  optionsFor: (context: Call) => Options
  /** Checks the key of a request again, and throws if it is no longer valid. */
  requireKey: (context: Call) => Promise<void>
  /** Keeps the clients' stored objects. */
  shelf: ResponseShelf
  /** Bytes of the largest body, and of the messages that may wait on a WebSocket. */
  maxBodySize: number
}

/** The routes of OpenAI's Responses API, with their shared stores. */
export function addResponsesRoutes(
  app: App,
  { optionsFor, requireKey, shelf, maxBodySize }: ResponsesRoutesInput,
): void {
  const withStores = (context: Call) => {
    const options = optionsFor(context)
    return {
      ...options,
      responses: shelf.responses(options),
      conversations: shelf.conversations(options),
    }
  }
  const responsesOf = (context: Call) => shelf.responses(optionsFor(context))
  const conversationsOf = (context: Call) => shelf.conversations(optionsFor(context))

  app.post('/v1/responses', (context) =>
    postResponse(context.req.raw, context.get('requestId'), withStores(context)),
  )
  app.get('/v1/responses', (context) => {
    const { raw } = context.req
    const optionsNow = async () => {
      await requireKey(context)
      return withStores(context)
    }
    return upgrade(raw, (socket) => serveResponsesSocket(socket, raw, maxBodySize, optionsNow))
  })
  app.post('/v1/responses/input_tokens', async (context) =>
    json(
      context,
      await postInputTokens(context.req.raw, context.get('requestId'), withStores(context)),
    ),
  )
  app.post('/v1/responses/compact', (context) =>
    postCompaction(context.req.raw, context.get('requestId'), withStores(context)),
  )
  app.get('/v1/responses/:id', (context) =>
    getResponse(
      context.req.param('id'),
      queryOf(context),
      context.get('requestId'),
      withStores(context),
    ),
  )
  app.delete('/v1/responses/:id', async (context) => {
    const id = context.req.param('id')
    await responsesOf(context).delete(id)
    return json(context, { id, object: 'response', deleted: true })
  })
  app.post('/v1/responses/:id/cancel', async (context) =>
    json(context, await responsesOf(context).cancel(context.req.param('id'))),
  )
  app.get('/v1/responses/:id/input_items', async (context) => {
    const items = await responsesOf(context).input(context.req.param('id'))
    return json(context, listPage(items, queryOf(context)))
  })

  app.post('/v1/conversations', async (context) =>
    json(
      context,
      await postConversation(context.req.raw, optionsFor(context).bodies, conversationsOf(context)),
    ),
  )
  app.get('/v1/conversations/:id', async (context) =>
    json(context, await conversationsOf(context).get(context.req.param('id'))),
  )
  app.post('/v1/conversations/:id', async (context) =>
    json(
      context,
      await postConversationChanges(
        context.req.raw,
        context.req.param('id'),
        optionsFor(context).bodies,
        conversationsOf(context),
      ),
    ),
  )
  app.delete('/v1/conversations/:id', async (context) => {
    const id = context.req.param('id')
    await conversationsOf(context).delete(id)
    return json(context, { id, object: 'conversation.deleted', deleted: true })
  })
  app.get('/v1/conversations/:id/items', async (context) => {
    const items = await conversationsOf(context).items(context.req.param('id'))
    return json(context, listPage(items, queryOf(context)))
  })
  app.post('/v1/conversations/:id/items', async (context) =>
    json(
      context,
      await postConversationItems(
        context.req.raw,
        context.req.param('id'),
        optionsFor(context).bodies,
        conversationsOf(context),
      ),
    ),
  )
  app.get('/v1/conversations/:id/items/:item', async (context) => {
    const { id, item } = context.req.param()
    return json(context, await conversationsOf(context).item(id, item))
  })
  app.delete('/v1/conversations/:id/items/:item', async (context) => {
    const { id, item } = context.req.param()
    return json(context, await conversationsOf(context).deleteItem(id, item))
  })
}

function queryOf({ req }: Call): URLSearchParams {
  return new URL(req.url).searchParams
}

function json(context: Call, body: object): Response {
  return Response.json(body, { headers: idHeaders(context.get('requestId')) })
}
