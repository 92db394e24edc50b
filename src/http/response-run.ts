import type { ResponseInputItem, ResponseItem } from 'openai/resources/responses/responses'

import type { ContentBlock, ReplyMessage } from '../api/types.ts'
import { sizeOf } from '../json-pieces.ts'
import { invalid, tooMany } from '../openai/invalid.ts'
import { countParts, MAX_PARTS } from '../openai/part-limit.ts'
import { inputItems } from '../openai/responses/input-items.ts'
import { type ResponseHead, responseOf } from '../openai/responses/reply.ts'
import {
  type Past,
  requestOfResponse,
  type ResponsesRequest,
  type TranslatedRequest,
} from '../openai/responses/request.ts'
import { itemType } from '../openai/responses/schema.ts'
import { conversationFull, MAX_CONVERSATION } from '../responses/refusals.ts'
import type { Conversations, Responses, StoredResponse } from '../responses/stored.ts'
import type { Reply } from '../stream/reply.ts'
import { askTranslated, type DialectOptions } from './translated.ts'

/** The options contain the client's own stored objects: those of others can't be reached. */
export type ResponsesOptions = DialectOptions & {
  responses: Responses
  conversations: Conversations
}

/** A request for a response, ready to be sent. */
export type PreparedResponse = {
  head: ResponseHead
  translated: TranslatedRequest
  /** The conversation that the request continues. */
  past: Past
  /**
   * Makes the whole response of its message, and stores it, unless `store` is false.
   *
   * @throws ApiError if its conversation can't be added to
   */
  finish: (message: ReplyMessage) => Promise<StoredResponse>
  /** The input of the request, as it is listed. */
  input: ResponseItem[]
}

/** A response after its reply has begun. */
export type ResponseRun = {
  reply: Reply
  headers: Record<string, string>
  /** Await it with the whole message, before the client can know that the reply is complete. */
  remember: (message: ReplyMessage) => Promise<StoredResponse>
}

/** The dialect's names for the API's fields. */
const FIELD_NAMES = new Map([
  ['max_tokens', 'max_output_tokens'],
  ['output_config.effort', 'reasoning.effort'],
  ['thinking', 'reasoning'],
])

/**
 * Translates a request, and adds the caller's stored conversation.
 *
 * @param local an earlier response that is not stored
 * @throws ApiError if the request is wrong, or the conversation to continue is not stored
 */
export async function prepareResponse(
  body: ResponsesRequest,
  id: string,
  { responses, conversations, modelOf }: ResponsesOptions,
  local?: (id: string) => Past | undefined,
): Promise<PreparedResponse> {
  const conversationId = conversationOf(body)
  const { previous_response_id: previous } = body
  if (conversationId !== undefined && previous) {
    throw invalid('conversation: not allowed together with previous_response_id.', 'conversation')
  }
  const history = conversationId === undefined ? [] : await conversations.items(conversationId)
  const past = (previous ? local?.(previous) : undefined) ?? (await responses.past(previous))
  if (countParts(history, past.messages) > MAX_PARTS) {
    throw tooMany(conversationId === undefined ? 'previous_response_id' : 'conversation')
  }
  // Before it is asked, so that the answer, which is paid for, is not lost.
  if (conversationId !== undefined && sizeOf(history) + sizeOf(body.input) > MAX_CONVERSATION) {
    throw conversationFull()
  }
  const items = await responses.items(referencesIn(body))
  const findItem = (itemId: string): ResponseInputItem | undefined =>
    items.get(itemId) ?? (history.find((item) => item.id === itemId) as ResponseInputItem)
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

  async function finish(message: ReplyMessage): Promise<StoredResponse> {
    const { added } = translated
    const content = message.content as unknown as ContentBlock[]
    const answer = content.length > 0 ? [{ role: 'assistant' as const, content }] : []
    const response = responseOf(message, head, secondsNow())
    const stored = {
      response,
      added: { ...added, messages: [...added.messages, ...answer] },
      input,
    }
    if (conversationId !== undefined) {
      await conversations.note(conversationId, [...input, ...(response.output as ResponseItem[])])
    }
    // A background response is stored from its beginning.
    if (body.store !== false && body.background !== true) await responses.add(stored)
    return stored
  }
  return { head, translated, past, finish, input }
}

/** The ids of the items to which the input only refers. */
function referencesIn({ input }: ResponsesRequest): string[] {
  if (typeof input === 'string') return []
  return (input ?? []).flatMap((item) =>
    itemType(item) === 'item_reference' ? [(item as ResponseInputItem.ItemReference).id] : [],
  )
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
    if (reply === undefined) throw new Error('There was no reply.')
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
