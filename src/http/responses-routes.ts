import type { Context, Hono } from 'hono'

import { callerOf } from './caller.ts'
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
type Options = Omit<ResponsesOptions, 'store' | 'conversations'> &
  CountTokensOptions & {
    /** Bytes of the largest body, and of what may wait on a WebSocket. */
    maxBodySize: number
  }

/** The routes of OpenAI's Responses API, and what they share. */
export function addResponsesRoutes(app: App, settings: Options): void {
  const options = {
    ...settings,
    store: new ResponseStore(),
    conversations: new ConversationStore(),
  }
  const { store, conversations, bodies } = options
  const responsesOf = ({ req }: Context) => store.of(callerOf(req.raw.headers))
  const conversationsOf = ({ req }: Context) => conversations.of(callerOf(req.raw.headers))

  app.post('/v1/responses', (context) =>
    postResponse(context.req.raw, context.get('requestId'), options),
  )
  app.get('/v1/responses', (context) => {
    const { raw } = context.req
    return upgrade(raw, (socket) => serveResponsesSocket(socket, raw, options.maxBodySize, options))
  })
  app.post('/v1/responses/input_tokens', async (context) =>
    json(context, await postInputTokens(context.req.raw, context.get('requestId'), options)),
  )
  app.post('/v1/responses/compact', (context) =>
    postCompaction(context.req.raw, context.get('requestId'), options),
  )
  app.get('/v1/responses/:id', (context) =>
    getResponse(
      context.req.param('id'),
      queryOf(context),
      responsesOf(context),
      context.get('requestId'),
      options,
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
    json(context, await postConversation(context.req.raw, bodies, conversationsOf(context))),
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
        bodies,
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
        bodies,
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

function queryOf({ req }: Context): URLSearchParams {
  return new URL(req.url).searchParams
}

function json(context: Context<{ Variables: Variables }>, body: object): Response {
  return Response.json(body, { headers: idHeaders(context.get('requestId')) })
}
