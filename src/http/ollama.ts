import type { Context, Hono } from 'hono'

import type { NamedModel } from '../api/model.ts'
import { ApiError } from '../errors.ts'
import { modelDetails, OLLAMA_VERSION, tagOf } from '../ollama/models.ts'
import {
  lastLines,
  linesOf,
  type OllamaHead,
  type OllamaKind,
  wholeReply,
} from '../ollama/reply.ts'
import {
  chatOfGenerate,
  OLLAMA_NAMES,
  parseChat,
  parseGenerate,
  parseShow,
  requestOfOllama,
} from '../ollama/request.ts'
import { CallIds } from '../openai/call-ids.ts'
import type { Reply } from '../stream/reply.ts'
import { type SseFormat, sseStream } from '../stream/sse.ts'
import { askTranslated, type DialectOptions, foldReplies, type Replies } from './translated.ts'
import type { Variables } from './variables.ts'

export type OllamaOptions = DialectOptions & {
  models: () => Promise<readonly NamedModel[]>
}

type App = Hono<{ Variables: Variables }>
type Call = Context<{ Variables: Variables }>

/**
 * The part of Ollama's API that its clients need to find models and to chat.
 * Source: https://docs.ollama.com/api
 */
export function routeOllama(app: App, optionsFor: (context: Call) => OllamaOptions): void {
  app.get('/api/version', (context) => context.json({ version: OLLAMA_VERSION }))
  app.get('/api/tags', async (context) =>
    context.json({ models: (await optionsFor(context).models()).map(tagOf) }),
  )
  app.get('/api/ps', (context) => context.json({ models: [] }))
  app.post('/api/show', async (context) => {
    const { models, modelOf, bodies } = optionsFor(context)
    const name = parseShow(await bodies.readJson(context.req.raw))
    const fullName = modelOf(name)
    const isKnown = (await models()).some(({ id }) => id === name || id === fullName)
    if (!isKnown) throw new ApiError('not_found_error', `model '${name}' not found`)
    return context.json(modelDetails(fullName))
  })
  app.post('/api/chat', (context) =>
    postOllama('chat', context.req.raw, context.get('requestId'), optionsFor(context)),
  )
  app.post('/api/generate', (context) =>
    postOllama('generate', context.req.raw, context.get('requestId'), optionsFor(context)),
  )
}

async function postOllama(
  kind: OllamaKind,
  request: Request,
  id: string,
  options: DialectOptions,
): Promise<Response> {
  const startedAt = Date.now()
  const body = await options.bodies.readJson(request)
  const chat = kind === 'chat' ? parseChat(body) : chatOfGenerate(parseGenerate(body))
  const head = { kind, model: chat.model, startedAt }
  if (isWarmUp(kind, body)) return Response.json(warmReply(head))
  const callIds = new CallIds()
  const translated = {
    request: requestOfOllama(chat, callIds),
    count: 1,
    fieldNames: OLLAMA_NAMES,
  }
  const begun = await askTranslated(translated, request, id, options).catch((error: unknown) => {
    throw callIds.restored(error)
  })
  const { headers } = begun
  if (chat.stream === false) {
    const [message] = await foldReplies(begun)
    if (message === undefined) throw new Error('There is no reply.')
    return Response.json(wholeReply(message, head, Date.now()), { headers })
  }
  const [reply] = begun.replies
  if (reply === undefined) throw new Error('There is no reply.')
  const format = linesFormat(reply, head, begun.remember)
  // A blank line is no JSON, so a silent stream sends nothing.
  const stream = sseStream(reply, { format, pingInterval: 0, onError: options.onError })
  return new Response(stream, { headers: { ...headers, 'content-type': 'application/x-ndjson' } })
}

/** A request without messages or a prompt loads a model. */
function isWarmUp(kind: OllamaKind, body: unknown): boolean {
  const { messages, prompt } = body as { messages?: unknown[]; prompt?: string }
  return kind === 'chat' ? messages?.length === 0 : !prompt
}

function warmReply({ kind, model, startedAt }: OllamaHead): object {
  return {
    model,
    created_at: new Date(startedAt).toISOString(),
    ...(kind === 'chat' ? { message: { role: 'assistant', content: '' } } : { response: '' }),
    done: true,
    done_reason: 'load',
  }
}

function linesFormat(reply: Reply, head: OllamaHead, remember: Replies['remember']): SseFormat {
  return {
    event: (event) => {
      if (event.type !== 'message_stop') return textOf(linesOf(event, head, Date.now()))
      const message = reply.message()
      remember(message, 0)
      return textOf(lastLines(message, head, Date.now()))
    },
    error: (error) => textOf([{ error: error.message }]),
    ping: '',
  }
}

function textOf(lines: readonly object[]): string {
  return lines.map((one) => `${JSON.stringify(one)}\n`).join('')
}
