import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'

import type { NamedModel } from '../api/model.ts'
import { ApiError } from '../errors.ts'
import { checkBrowser } from './browser-guard.ts'
import { type CountTokensOptions, postCountTokens } from './count-tokens.ts'
import { checkKey } from './key.ts'
import { type MessagesOptions, postMessages } from './messages.ts'
import { getModel, listModels } from './models.ts'
import { newRequestId } from './request-id.ts'
import { errorResponse } from './respond.ts'

export type AppOptions = MessagesOptions &
  CountTokensOptions & {
    version: string
    /** What clients must send; without one, only this machine's own programs are served. */
    key: string | undefined
    corsOrigins: readonly string[]
    /** Whether requests from elsewhere can reach the server without a key. */
    isOpenToNetwork: boolean
    /** The login, for `GET /auth/status`. */
    authStatus: () => Promise<object>
    /** What a request may name as its model. */
    models: () => Promise<readonly NamedModel[]>
  }

type Variables = { requestId: string }

/** All routes. Handlers throw; the one error handler answers. */
export function createApp(options: AppOptions): Hono<{ Variables: Variables }> {
  const startedAt = Date.now()
  const app = new Hono<{ Variables: Variables }>()

  app.use(async (context, next) => {
    context.set('requestId', newRequestId())
    await next()
  })
  if (options.corsOrigins.length > 0) {
    app.use(
      cors({
        origin: options.corsOrigins.includes('*') ? '*' : [...options.corsOrigins],
        exposeHeaders: ['request-id', 'retry-after'],
      }),
    )
  }

  app.get('/health', (context) =>
    context.json({
      status: 'ok',
      version: options.version,
      uptime_seconds: Math.floor((Date.now() - startedAt) / 1000),
    }),
  )

  app.use(async (context, next) => {
    const { raw } = context.req
    if (options.key !== undefined) checkKey(raw.headers, options.key)
    else if (!options.isOpenToNetwork) checkBrowser(raw, options.corsOrigins)
    await next()
  })

  app.get('/auth/status', async (context) => context.json(await options.authStatus()))
  app.post('/v1/messages', (context) =>
    postMessages(context.req.raw, context.get('requestId'), options),
  )

  app.post('/v1/messages/count_tokens', async (context) =>
    answer(context, await postCountTokens(context.req.raw, options)),
  )
  app.get('/v1/models', async (context) =>
    answer(context, listModels(new URL(context.req.url).searchParams, await options.models())),
  )
  app.get('/v1/models/:id{.+}', async (context) =>
    answer(context, getModel(context.req.param('id'), await options.models())),
  )

  app.notFound((context) => {
    const { method, path } = context.req
    const error = new ApiError('not_found_error', `There is no ${method} ${path} here.`)
    return errorResponse(context, error)
  })
  app.onError((error, context) => {
    if (!(error instanceof ApiError)) options.onError(error)
    return errorResponse(context, error)
  })
  return app
}

function answer(context: Context<{ Variables: Variables }>, body: object): Response {
  return Response.json(body, { headers: { 'request-id': context.get('requestId') } })
}
