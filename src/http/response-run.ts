import type { ResponseInputItem, ResponseItem } from 'openai/resources/responses/responses'

import type { ContentBlock, ReplyMessage } from '../api/types.ts'
import { invalid, tooMany } from '../openai/invalid.ts'
import { countParts, MOST_PARTS } from '../openai/part-limit.ts'
import { inputItems } from '../openai/responses/input-items.ts'
import { type ResponseHead, responseOf, type WireResponse } from '../openai/responses/reply.ts'
import {
  type Past,
  requestOfResponse,
  type ResponsesRequest,
  type TranslatedRequest,
} from '../openai/responses/request.ts'
import type { Reply } from '../stream/reply.ts'
import type { CallersConversations, ConversationStore } from './conversation-store.ts'
import type { CallersResponses, ResponseStore, StoredResponse } from './response-store.ts'
import { askTranslated, type DialectOptions } from './translated.ts'

export type ResponsesOptions = DialectOptions & {
  store: ResponseStore
  conversations: ConversationStore
}

/** A request for a response, ready to be asked. */
export type PreparedResponse = {
  head: ResponseHead
  translated: TranslatedRequest
  /** What the request goes on from. */
  past: Past
  /** The whole response, from its message. It is stored, unless `store` is false. */
  finish: (message: ReplyMessage) => StoredResponse
  responses: CallersResponses
  /** The input of the request, as it is listed. */
  input: ResponseItem[]
}

/** A response whose reply has begun. */
export type ResponseRun = {
  reply: Reply
  headers: Record<string, string>
  /** To be called with the whole message, before the client can know that it is whole. */
  remember: (message: ReplyMessage) => StoredResponse
}

/** The API's fields as this dialect has them. */
const FIELD_NAMES = new Map([
  ['max_tokens', 'max_output_tokens'],
  ['output_config.effort', 'reasoning.effort'],
  ['thinking', 'reasoning'],
])

/**
 * Translates a request, with what its caller has stored.
 *
 * @param local what is known of an earlier response where it is not stored
 * @throws ApiError where the request is wrong, or what it goes on from is not remembered
 */
export function prepareResponse(
  body: ResponsesRequest,
  id: string,
  { store, conversations, caller, modelOf }: ResponsesOptions,
  local?: (id: string) => Past | undefined,
): PreparedResponse {
  const responses = store.of(caller)
  const mine = conversations.of(caller)
  const conversationId = conversationOf(body)
  const { previous_response_id: previous } = body
  if (conversationId !== undefined && previous) {
    throw invalid(
      'conversation: a request has either this or previous_response_id.',
      'conversation',
    )
  }
  const history = conversationId === undefined ? [] : mine.items(conversationId)
  const past = (previous ? local?.(previous) : undefined) ?? responses.past(previous)
  if (countParts(history, past.messages) > MOST_PARTS) {
    throw tooMany(conversationId === undefined ? 'previous_response_id' : 'conversation')
  }
  const findItem = (itemId: string): ResponseInputItem | undefined =>
    responses.item(itemId) ?? (history.find((item) => item.id === itemId) as ResponseInputItem)
  const translated = requestOfResponse(
    body,
    modelOf(body.model ?? undefined),
    past,
    findItem,
    history as ResponseInputItem[],
  )
  const head: ResponseHead = {
    id: id.replace(/^req/, 'resp'),
    request: body,
    createdAt: secondsNow(),
    names: translated.names,
    conversationId,
  }
  const input = inputItems(body.input, head.id, findItem)

  function finish(message: ReplyMessage): StoredResponse {
    const { added } = translated
    const content = message.content as unknown as ContentBlock[]
    const answer = content.length > 0 ? [{ role: 'assistant' as const, content }] : []
    const response = responseOf(message, head, secondsNow())
    const stored = {
      response,
      added: { ...added, messages: [...added.messages, ...answer] },
      input,
    }
    if (body.store !== false) responses.add(stored)
    if (conversationId !== undefined) note(mine, conversationId, stored)
    return stored
  }
  return { head, translated, past, finish, responses, input }
}

function note(
  conversations: CallersConversations,
  id: string,
  { input, response }: { input: StoredResponse['input']; response: WireResponse },
): void {
  conversations.note(id, [...input, ...(response.output as StoredResponse['input'])])
}

/** Asks, and waits for the first event. */
export async function beginResponse(
  { translated, finish }: PreparedResponse,
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<ResponseRun> {
  const { request: asked, betas, leftOut, callIds } = translated
  try {
    const { replies, remember, headers } = await askTranslated(
      { request: asked, count: 1, fieldNames: FIELD_NAMES, betas, leftOut },
      request,
      id,
      options,
    )
    const [reply] = replies
    if (reply === undefined) throw new Error('There is no reply.')
    return {
      reply,
      headers,
      remember: (message) => {
        remember(message, 0)
        return finish(message)
      },
    }
  } catch (error) {
    throw callIds.restored(error)
  }
}

function conversationOf({ conversation }: ResponsesRequest): string | undefined {
  if (conversation === undefined || conversation === null) return undefined
  return typeof conversation === 'string' ? conversation : conversation.id
}

export function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}
