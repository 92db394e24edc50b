import { randomBytes } from 'node:crypto'

import { checkValues } from '../api/check-values.ts'
import { checkMessagesRequest } from '../api/request.ts'
import type { MessagesRequest, ReplyMessage } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { chatCompletion } from '../openai/chat/reply.ts'
import { callStyleOf, parseChatRequest, requestOfChat } from '../openai/chat/request.ts'
import { responseOf } from '../openai/responses/reply.ts'
import { parseResponsesRequest, requestOfResponse, NO_PAST } from '../openai/responses/request.ts'
import { suitModel } from '../openai/suit-model.ts'
import type { Steps } from '../steps.ts'

/** A request of a batch for the model, and its answer in the form of the endpoint's API. */
export type Translated = {
  request: MessagesRequest
  /** Values of `anthropic-beta` in addition to those of the batch. */
  betas?: readonly string[]
  answerOf: (message: ReplyMessage) => object
}

/** Resolves a request's `model` to the full name. */
export type ModelOf = (name: string | undefined) => string

/**
 * Translates the body of a batch's request into a request for the model.
 *
 * @throws ApiError 400 if it is wrong
 */
export type Translate = (params: unknown, modelOf: ModelOf) => Steps<Translated>

export const MESSAGES_PATH = '/v1/messages'

export const OPENAI_PATHS = ['/v1/chat/completions', '/v1/responses'] as const

const ENDPOINTS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  [MESSAGES_PATH, translateMessage],
  ['/v1/chat/completions', translateChat],
  ['/v1/responses', translateResponse],
])

/** The endpoint of a path that was accepted with a batch. */
export function endpointAt(path: string): Translate {
  const endpoint = ENDPOINTS.get(path)
  if (endpoint === undefined) throw new Error(`Batches do not support the endpoint ${path}.`)
  return endpoint
}

function* translateMessage(params: unknown): Steps<Translated> {
  const request = yield* checkMessagesRequest(params)
  if (request.stream === true) throw streamed()
  return { request, answerOf: (message) => message }
}

function* translateChat(params: unknown, modelOf: ModelOf): Steps<Translated> {
  const chat = parseChatRequest(params)
  if (chat.stream === true) throw streamed()
  if ((chat.n ?? 1) > 1) {
    throw new ApiError('invalid_request_error', 'n: a request of a batch can have only one choice')
  }
  const style = callStyleOf(chat)
  return {
    request: yield* suited(requestOfChat(chat), modelOf),
    answerOf: (message) =>
      chatCompletion([message], { id: message.id, created: nowInSeconds(), style }),
  }
}

function* translateResponse(params: unknown, modelOf: ModelOf): Steps<Translated> {
  const body = parseResponsesRequest(params)
  if (body.stream === true) throw streamed()
  if (body.previous_response_id) {
    throw new ApiError(
      'invalid_request_error',
      'previous_response_id: a request of a batch must have its whole input',
    )
  }
  if (body.conversation) {
    throw new ApiError(
      'invalid_request_error',
      'conversation: a request of a batch must have its whole input',
    )
  }
  const { request, names, betas } = requestOfResponse(
    body,
    modelOf(body.model ?? undefined),
    NO_PAST,
    () => undefined,
  )
  const head = {
    id: `resp_${randomBytes(12).toString('hex')}`,
    request: body,
    createdAt: nowInSeconds(),
    names,
  }
  return {
    request: yield* suited(request, modelOf),
    betas,
    answerOf: (message) => responseOf(message, head, nowInSeconds()),
  }
}

/** The arguments of calls came as text, so their values were not checked yet. */
function* suited(translated: MessagesRequest, modelOf: ModelOf): Steps<MessagesRequest> {
  checkValues(translated)
  yield
  return suitModel(yield* checkMessagesRequest(translated), modelOf(translated.model)).request
}

function streamed(): ApiError {
  return new ApiError('invalid_request_error', 'stream: requests of a batch can not be streamed')
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
