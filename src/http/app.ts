import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'

import type { NamedModel } from '../api/model.ts'
import type { RateLimits } from '../api/rate-limits.ts'
import type { MessagesRequest, StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import type { Batches } from '../batches/batches.ts'
import type { ClientKey } from '../config/keys/client-key.ts'
import type { KeyRing } from '../config/keys/key-ring.ts'
import { isAllowedOrigin } from '../config/origins.ts'
import type { Files } from '../files/files.ts'
import { mayUse } from '../limits/key-guard.ts'
import type { Viewer } from '../observe/overview.ts'
import { memoryShelf } from '../responses/memory-shelf.ts'
import type { ResponseShelf } from '../responses/stored.ts'
import type { Reply } from '../stream/reply.ts'
import { sseStream } from '../stream/sse.ts'
import { createAnswerMemory } from './answer-memory.ts'
import { routeBatches } from './batches.ts'
import { Bodies } from './bodies.ts'
import { type BrowserRules, checkBrowser } from './browser-guard.ts'
import { callerOf } from './caller.ts'
import { postChatCompletion } from './chat-completions.ts'
import { postCompletion } from './completions.ts'
import { postCountTokens } from './count-tokens.ts'
import { routeFiles } from './files.ts'
import { checkKey } from './key.ts'
import {
  type MessagesOptions,
  postMessages,
  type RequestFacts,
  STREAM_HEADERS,
} from './messages.ts'
import { getModel, listModels } from './models.ts'
import { notFoundMessage } from './not-found.ts'
import { routeOpenaiBatches } from './openai-batches.ts'
import { routeOllama } from './ollama.ts'
import { getPage, PAGE_PATHS } from './page.ts'
import { withRateLimits } from './rate-limit-headers.ts'
import { newRequestId } from './request-id.ts'
import { errorResponse } from './respond.ts'
import { addResponsesRoutes } from './responses-routes.ts'
import { servedPath } from './served-path.ts'
import type { Variables } from './variables.ts'

export type AppOptions = BrowserRules &
  Omit<MessagesOptions, 'bodies' | 'ask'> & {
    /** @param key the client's key; undefined if clients need no key */
    ask: (
      request: MessagesRequest,
      facts: RequestFacts & { key: ClientKey | undefined },
    ) => Promise<Reply>
    /**
     * Throws an ApiError if it could not be counted, or is not allowed.
     *
     * @param key as that of `ask`
     */
    countTokens: (
      request: MessagesRequest,
      signal: AbortSignal,
      key: ClientKey | undefined,
    ) => Promise<number>
    version: string
    /** Bytes of the largest body of a request. */
    maxBodySize: number
    /** The valid keys now; without keys, only programs on this machine are served. */
    keyRing: KeyRing | undefined
    /** Whether requests from elsewhere can reach the server without a key. */
    isOpenToNetwork: boolean
    /** The login, for `GET /auth/status`. */
    authStatus: () => Promise<object>
    /** Resolves a request's `model` to the full name; if absent, to the default model's. */
    modelOf: (name: string | undefined) => string
    /**
     * Receives the names of the fields that a dialect left out of a request, without any text of a
     * client.
     */
    onLeftOut: (left: { id: string; names: readonly string[] }) => void
    /** The models that a request may name. */
    models: () => Promise<readonly NamedModel[]>
    /** The body of `GET /v1/usage`. */
    usage: () => object | Promise<object>
    /**
     * The data of the page, now and after each change.
     *
     * @param viewer called each time; an error ends the stream
     */
    watchOverview: (viewer: () => Promise<Viewer>) => AsyncIterable<StreamEvent>
    /**
     * The lines of the log, now and later.
     *
     * @param check called before each event; an error ends the stream
     */
    watchLog: (check: () => Promise<void>) => AsyncIterable<StreamEvent>
    metrics: () => Promise<{ text: string; contentType: string }>
    /** The state of the plan, if it is known. */
    rateLimits: () => RateLimits | undefined
    batches?: Batches
    files?: Files
    /** Keeps the stored objects of the Responses API; by default in memory. */
    responseShelf?: ResponseShelf
  }

type Call = Context<{ Variables: Variables }>

/** Serves the turns. */
const INFERENCE_PATHS = [
  '/v1/messages',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/api/chat',
  '/api/generate',
]

/** All routes. Handlers throw; the one error handler answers. */
export function createApp(settings: AppOptions): Hono<{ Variables: Variables }> {
  const bodies = new Bodies(settings.maxBodySize)
  const options = { ...settings, bodies }
  const startedAt = Date.now()
  const app = new Hono<{ Variables: Variables }>({ getPath: servedPath })

  app.use(async (context, next) => {
    context.set('requestId', newRequestId())
    context.set('key', undefined)
    context.set('owner', '')
    try {
      await next()
    } finally {
      bodies.release(context.req.raw)
    }
    const { headers } = context.res
    if (!headers.has('request-id')) headers.set('request-id', context.get('requestId'))
  })
  if (options.corsOrigins.length > 0) {
    app.use(
      cors({
        origin: options.corsOrigins.includes('*')
          ? '*'
          : (origin) => (isAllowedOrigin(origin, options.corsOrigins) ? origin : null),
        // All headers, because the API decides which rate-limit headers exist. No request has
        // cookies, so browsers honour the star.
        exposeHeaders: ['*'],
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

  // Checks whether the server is up: Claude Code does this, and HAProxy, whose default check is
  // `OPTIONS /`.
  app.get('/api/hello', (context) => context.json({ message: 'hello' }))
  app.on('OPTIONS', ['/', '/health'], (context) => context.body(null, 204, { allow: 'GET, HEAD' }))

  // The page's files hold no data. The page requests its data, with the key if one is set.
  for (const path of PAGE_PATHS) app.get(path, () => getPage(path))

  const requireKey = async (context: Call): Promise<void> => {
    const { raw } = context.req
    if (options.keyRing !== undefined) {
      const key = checkKey(raw.headers, await options.keyRing())
      context.set('key', key)
      context.set('owner', key.owner)
    } else if (!options.isOpenToNetwork) checkBrowser(raw, options)
  }
  app.use(async (context, next) => {
    await requireKey(context)
    await next()
  })

  app.get('/auth/status', async (context) => context.json(await options.authStatus()))
  for (const path of INFERENCE_PATHS) app.use(path, withRateLimits(options.rateLimits))
  const answers = createAnswerMemory()
  const forClient = (context: Call) => optionsForClient(context, { ...options, answers })
  app.post('/v1/messages', (context) =>
    postMessages(context.req.raw, context.get('requestId'), forClient(context)),
  )
  app.post('/v1/chat/completions', (context) =>
    postChatCompletion(context.req.raw, context.get('requestId'), forClient(context)),
  )
  app.post('/v1/completions', (context) =>
    postCompletion(context.req.raw, context.get('requestId'), forClient(context)),
  )
  routeOllama(app, forClient)
  const shelf = options.responseShelf ?? memoryShelf()
  addResponsesRoutes(app, {
    optionsFor: forClient,
    requireKey,
    shelf,
    maxBodySize: options.maxBodySize,
  })
  app.post('/v1/messages/count_tokens', async (context) =>
    answer(context, await postCountTokens(context.req.raw, forClient(context))),
  )
  const { batches, files } = options
  if (batches) routeBatches(app, batches)
  if (files) routeFiles(app, files, batches)
  if (batches && files) routeOpenaiBatches(app, batches, files)
  app.get('/v1/models', async (context) =>
    answer(
      context,
      listModels(
        new URL(context.req.url).searchParams,
        await forClient(context).models(),
        options.modelOf,
      ),
    ),
  )
  app.get('/v1/models/:id{.+}', async (context) =>
    answer(
      context,
      getModel(context.req.param('id'), await forClient(context).models(), options.modelOf),
    ),
  )
  app.get('/v1/usage', async (context) => answer(context, await options.usage()))
  // Checked for each event: a key may be removed while the page is open.
  const viewerOf = async (context: Call): Promise<Viewer> => {
    await requireKey(context)
    const isShared = ((await options.keyRing?.()) ?? []).length > 1
    return { isShared, key: context.get('key') }
  }
  const { pingInterval, onError } = options
  const follow = (events: AsyncIterable<StreamEvent>): Response =>
    new Response(sseStream(events, { pingInterval, onError }), { headers: STREAM_HEADERS })
  app.get('/v1/usage/stream', (context) =>
    follow(options.watchOverview(async () => viewerOf(context))),
  )
  app.get('/v1/log/stream', async (context) => {
    const check = async (): Promise<void> => checkLogReader(await viewerOf(context))
    await check()
    return follow(options.watchLog(check))
  })
  app.get('/metrics', async () => {
    const { text, contentType } = await options.metrics()
    return new Response(text, { headers: { 'content-type': contentType } })
  })

  app.notFound((context) => {
    const { method, path, url } = context.req
    const { origin, pathname } = new URL(url)
    const asked = { method, path: pathname, origin }
    const error = new ApiError('not_found_error', notFoundMessage(asked, path, app.routes))
    return errorResponse(context, error)
  })
  app.onError((error, context) => {
    if (!(error instanceof ApiError)) options.onError(error)
    return errorResponse(context, error)
  })
  return app
}

/** The lines of a log name the keys and may quote the requests of all callers. */
function checkLogReader({ isShared }: Viewer): void {
  if (!isShared) return
  const text =
    'With several keys the log is not shown here, because it may quote the requests of others.'
  throw new ApiError('permission_error', text)
}

/** The options of the routes for one client: turns are served under its name. */
function optionsForClient<Options extends AppOptions>(context: Call, options: Options) {
  const [key, owner] = [context.get('key'), context.get('owner')]
  const withFiles = async (request: MessagesRequest) =>
    (await options.files?.attach(request, owner)) ?? request
  const isAllowed = ({ id }: NamedModel) => key === undefined || mayUse(key, options.modelOf(id))
  return {
    ...options,
    caller: callerOf(context.req.raw.headers, key),
    owner,
    ask: async (request: MessagesRequest, facts: RequestFacts) =>
      options.ask(await withFiles(request), { ...facts, key }),
    countTokens: async (request: MessagesRequest, signal: AbortSignal) =>
      options.countTokens(await withFiles(request), signal, key),
    models: async () => (await options.models()).filter(isAllowed),
  }
}

function answer(context: Call, body: object): Response {
  return Response.json(body, { headers: { 'request-id': context.get('requestId') } })
}
