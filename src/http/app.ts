import { Hono } from 'hono'
import { cors } from 'hono/cors'

import { ApiError } from '../errors.ts'
import { checkBrowser } from './browser-guard.ts'
import { checkKey } from './key.ts'
import { type MessagesOptions, postMessages } from './messages.ts'
import { newRequestId } from './request-id.ts'
import { errorResponse } from './respond.ts'

export type AppOptions = MessagesOptions & {
  version: string
  /** What clients must send now; without it, only this machine's own programs are served. */
  keys: (() => Promise<readonly string[]>) | undefined
  corsOrigins: readonly string[]
  /** Whether requests from elsewhere can reach the server without a key. */
  isOpenToNetwork: boolean
  /** The login, for `GET /auth/status`. */
  authStatus: () => Promise<object>
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
    if (options.keys !== undefined) checkKey(raw.headers, await options.keys())
    else if (!options.isOpenToNetwork) checkBrowser(raw, options.corsOrigins)
    await next()
  })

  app.get('/auth/status', async (context) => context.json(await options.authStatus()))
  app.post('/v1/messages', (context) =>
    postMessages(context.req.raw, context.get('requestId'), options),
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
