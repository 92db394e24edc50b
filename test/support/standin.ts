import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages'
import { message, type Answer } from './answers.ts'
import { deliver, sendError, sendJson } from './deliver.ts'
import { textMessage, thinkingMessage } from './messages.ts'
import { modelRuleError } from './model-rules.ts'
import { bindingError, signAnswer } from './signing.ts'
import { type Countable, tokensOf } from './tokens.ts'

/** A request as it arrived, and how it ended. */
export type RecordedRequest<Body = unknown> = {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingHttpHeaders
  /** Parsed JSON, or the text if it is no JSON; undefined if there is no body. */
  body: Body
  /** The `request-id` of the answer: `req_standin_1`, `req_standin_2`, … */
  requestId: string
  /** When the head of the request arrived (`performance.now()`). */
  receivedAt: number
  /** Whether the client hung up before the answer was complete. */
  aborted: boolean
  /** When the answer was complete or the connection was gone (`performance.now()`). */
  closedAt: number | undefined
  /** Resolves at `closedAt`. */
  closed: Promise<void>
}

/** A request for a message: the known fields, and any others. */
export type MessageRequest = RecordedRequest<MessageCreateParams & Record<string, unknown>>

/** Returns the answer; `index` counts the requests for messages from 0. */
export type Answerer = (request: MessageRequest, index: number) => Answer | Promise<Answer>

/** A stand-in for the Messages API, which listens on 127.0.0.1 until `close()`. */
export type Standin = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** All requests, the oldest first. */
  readonly requests: readonly RecordedRequest[]
  /** The requests of `POST /v1/messages`, the oldest first. */
  readonly messages: readonly MessageRequest[]
  /** Answers requests for which `reply` has queued no answer. */
  answer: Answerer
  /** Answers requests for a count. Without an answer, the count is computed from the text. */
  countAnswer: Answer | (() => Promise<Answer | undefined>) | undefined
  /**
   * Whether thoughts are signed over their prefix, and refused after another prefix, like in the
   * newest models; true by default. `reset()` does not change it. A refused request takes no queued
   * answer.
   */
  signsThoughts: boolean
  /** Whether the rules of models apply; true by default. `reset()` does not change it. */
  hasModelRules: boolean
  /** Queues an answer for a request for a message; the first one in the queue is used first. */
  reply: (answer: Answer) => void
  /** The next request for a message that arrives after this call. */
  nextMessage: () => Promise<MessageRequest>
  /** Resolves with the first `count` requests for messages when they have arrived. */
  waitFor: (count: number) => Promise<MessageRequest[]>
  /** Forgets requests, queued answers, the answerer and pending waits. Open connections stay. */
  reset: () => void
  /** Drops every connection and stops listening. */
  close: () => Promise<void>
}

/**
 * The minimum time before an answer. A cut reply that ends before the runtime's gate is closed
 * (after `GATE_MILLISECONDS` of `src/runtime/worker/flight.ts`, and longer on a busy machine) may
 * be requested twice: a known limit, which these tests must not depend on.
 */
const THINKING_MILLISECONDS = 60

/** Starts a stand-in that answers "Hello from the stand-in." by default. */
export async function startStandin(): Promise<Standin> {
  let requests: RecordedRequest[] = []
  let messages: MessageRequest[] = []
  let queued: Answer[] = []
  let waiting: { count: number; resolve: (first: MessageRequest[]) => void }[] = []
  let requestCount = 0
  let isClosing = false

  const server = createServer((incoming, response) => {
    requestCount += 1
    const requestId = `req_standin_${requestCount}`
    // An error in a test's script stays unhandled, which fails the run.
    void serve(incoming, response, requestId).catch((cause: unknown) => {
      response.destroy()
      throw cause
    })
  })
  // Idle connections are never closed: closing one just when a client reuses it would look like an
  // error.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  const standin: Standin = {
    url: `http://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    get messages() {
      return messages
    },
    answer: greet,
    countAnswer: undefined,
    signsThoughts: true,
    hasModelRules: true,
    reply: (answer) => {
      queued.push(answer)
    },
    nextMessage: async () => {
      const position = messages.length
      const arrived = await standin.waitFor(position + 1)
      return arrived[position] as MessageRequest
    },
    waitFor: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve })
        resolveWaiting()
      }),
    reset: () => {
      requests = []
      messages = []
      queued = []
      waiting = []
      standin.answer = greet
      standin.countAnswer = undefined
    },
    close: () =>
      new Promise((resolve) => {
        isClosing = true
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    let isCutHere = false
    const cut = (): void => {
      isCutHere = true
      response.destroy()
    }
    const request = recorded(incoming, response, requestId, () => isCutHere || isClosing)
    request.body = await bodyOf(incoming)
    requests.push(request)
    if (!incoming.complete) return
    switch (`${request.method} ${pathOf(request.url)}`) {
      case 'POST /v1/messages': {
        const asked = request as MessageRequest
        const index = messages.push(asked) - 1
        resolveWaiting()
        const thought = setTimeout(THINKING_MILLISECONDS)
        const answer = refusalOf(asked) ?? (await answerTo(asked, index))
        await thought
        // The client may have left while the test computed the answer.
        if (response.destroyed) return
        const stream = asked.body?.stream === true
        await deliver(answer, { response, requestId, stream, cut })
        return
      }
      case 'POST /v1/messages/count_tokens': {
        const { countAnswer } = standin
        const answer = typeof countAnswer === 'function' ? await countAnswer() : countAnswer
        if (response.destroyed) return
        if (answer) {
          await deliver(answer, { response, requestId, stream: false, cut })
          return
        }
        sendJson(
          response,
          200,
          { input_tokens: tokensOf(request.body as Countable) },
          { 'request-id': requestId },
        )
        return
      }
      default:
        sendError(response, requestId, {
          status: 404,
          type: 'not_found_error',
          message: 'Not found',
        })
    }
  }

  function refusalOf({ body }: MessageRequest): Answer | undefined {
    const rule = standin.hasModelRules ? modelRuleError(body) : undefined
    return rule ?? (standin.signsThoughts ? bindingError(body) : undefined)
  }

  async function answerTo(asked: MessageRequest, index: number): Promise<Answer> {
    const answer = queued.shift() ?? (await standin.answer(asked, index))
    return standin.signsThoughts ? signAnswer(answer, asked.body) : answer
  }

  function resolveWaiting(): void {
    const ready = waiting.filter(({ count }) => messages.length >= count)
    waiting = waiting.filter(({ count }) => messages.length < count)
    for (const { count, resolve } of ready) resolve(messages.slice(0, count))
  }

  return standin
}

const GREETING = 'Hello from the stand-in.'

/** Answers with a greeting, after a thought if the request asks for thinking. */
function greet({ body }: MessageRequest): Answer {
  const thinks = (body.thinking?.type ?? 'disabled') !== 'disabled'
  return message(thinks ? thinkingMessage('Hello?', GREETING) : textMessage(GREETING))
}

function recorded(
  incoming: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  isCutHere: () => boolean,
): RecordedRequest {
  const request: RecordedRequest = {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    headers: incoming.headers,
    body: undefined,
    requestId,
    receivedAt: performance.now(),
    aborted: false,
    closedAt: undefined,
    closed: new Promise((resolve) => {
      response.once('close', () => {
        request.aborted = !response.writableFinished && !isCutHere()
        request.closedAt = performance.now()
        resolve()
      })
    }),
  }
  return request
}

/** Also undefined if the client hung up before the end of its body. */
async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  const body = await text(incoming).catch(() => '')
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
