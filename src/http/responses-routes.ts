import type { Context, Hono } from 'hono'

import type { CountTokensOptions } from './count-tokens.ts'
import { ConversationStore } from './conversation-store.ts'
import {
  postConversation,
  postConversationChanges,
  postConversationItems,
} from './conversations.ts'
import { listPage } from './list-page.ts'
import { idHeaders } from './reply.ts'
import { serveResponsesSocket } from './responses-socket.ts'
import { postCompaction, postInputTokens } from './responses-side.ts'
import { ResponseStore } from './response-store.ts'
import { cancelResponse, getResponse, postResponse, type ResponsesOptions } from './responses.ts'
import { upgrade } from './upgrade.ts'
import type { Variables } from './variables.ts'

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>
type Options = Omit<ResponsesOptions, 'store' | 'conversations'> & CountTokensOptions

/**
 * The routes of OpenAI's Responses API, and what they share.
 *
 * @param optionsFor gives a client its options
 * @param maxBodySize bytes of the largest body, and of what may wait on a WebSocket
 */
export function addResponsesRoutes(
  app: App,
  optionsFor: (context: Call) => Options,
  maxBodySize: number,
): void {
  const stores = { store: new ResponseStore(), conversations: new ConversationStore() }
  const withStores = (context: Call) => ({ ...optionsFor(context), ...stores })
  const responsesOf = (context: Call) => stores.store.of(optionsFor(context).caller)
  const conversationsOf = (context: Call) => stores.conversations.of(optionsFor(context).caller)

  app.post('/v1/responses', (context) =>
    postResponse(context.req.raw, context.get('requestId'), withStores(context)),
  )
  app.get('/v1/responses', (context) => {
    const { raw } = context.req
    return upgrade(raw, (socket) =>
      serveResponsesSocket(socket, raw, maxBodySize, withStores(context)),
    )
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
      responsesOf(context),
      context.get('requestId'),
      withStores(context),
    ),
  )
  app.delete('/v1/responses/:id', (context) => {
    const id = context.req.param('id')
    responsesOf(context).delete(id)
    return json(context, { id, object: 'response', deleted: true })
  })
  app.post('/v1/responses/:id/cancel', (context) =>
    json(context, cancelResponse(context.req.param('id'), responsesOf(context))),
  )
  app.get('/v1/responses/:id/input_items', (context) => {
    const items = responsesOf(context).input(context.req.param('id'))
    return json(context, listPage(items, queryOf(context)))
  })

  app.post('/v1/conversations', async (context) =>
    json(
      context,
      await postConversation(context.req.raw, optionsFor(context).bodies, conversationsOf(context)),
    ),
  )
  app.get('/v1/conversations/:id', (context) =>
    json(context, conversationsOf(context).get(context.req.param('id'))),
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
  app.delete('/v1/conversations/:id', (context) => {
    const id = context.req.param('id')
    conversationsOf(context).delete(id)
    return json(context, { id, object: 'conversation.deleted', deleted: true })
  })
  app.get('/v1/conversations/:id/items', (context) => {
    const items = conversationsOf(context).items(context.req.param('id'))
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
  app.get('/v1/conversations/:id/items/:item', (context) => {
    const { id, item } = context.req.param()
    return json(context, conversationsOf(context).item(id, item))
  })
  app.delete('/v1/conversations/:id/items/:item', (context) => {
    const { id, item } = context.req.param()
    return json(context, conversationsOf(context).deleteItem(id, item))
  })
}

function queryOf({ req }: Call): URLSearchParams {
  return new URL(req.url).searchParams
}

function json(context: Call, body: object): Response {
  return Response.json(body, { headers: idHeaders(context.get('requestId')) })
}
