import { checkValues } from '../api/check-values.ts'
import { checkMessagesRequest } from '../api/request.ts'
import type { MessagesRequest } from '../api/types.ts'
import { checkShape, invalid } from '../openai/invalid.ts'
import { compactedContent, SUMMARISE } from '../openai/responses/compaction.ts'
import { usageOf } from '../openai/responses/reply.ts'
import { parseResponsesRequest, type ResponsesRequest } from '../openai/responses/request.ts'
import { responsesRequestSchema } from '../openai/responses/schema.ts'
import {
  beginResponse,
  prepareResponse,
  type ResponsesOptions,
  secondsNow,
} from './response-run.ts'
import { inSteps } from '../steps.ts'

/* The routes of the Responses API besides the response itself. */

type CountTokens = (request: MessagesRequest, signal: AbortSignal) => Promise<number>

/**
 * Answers `POST /v1/responses/input_tokens`.
 *
 * @throws ApiError if the request is wrong, or was not counted
 */
export async function postInputTokens(
  request: Request,
  id: string,
  options: ResponsesOptions & { countTokens: CountTokens },
): Promise<object> {
  const body = parseResponsesRequest(await options.bodies.readJson(request))
  const { translated } = await prepareResponse(body, id, options)
  checkValues(translated.request)
  const asked = await inSteps(checkMessagesRequest(translated.request))
  const count = await options.countTokens(asked, request.signal)
  return { object: 'response.input_tokens', input_tokens: count }
}

/**
 * Answers `POST /v1/responses/compact`: the model summarises the conversation, and the client gets
 * an item that replaces it.
 *
 * @throws ApiError if the request is wrong, or no summary came
 */
export async function postCompaction(
  request: Request,
  id: string,
  options: ResponsesOptions,
): Promise<Response> {
  const body = await options.bodies.readJson(request)
  checkShape(responsesRequestSchema, body)
  const asked = body as ResponsesRequest
  if (!asked.model) throw invalid('model: Field required', 'model')
  const prepared = await prepareResponse(summaryOf(asked), id, options)
  const { reply, headers } = await beginResponse(prepared, request, id, options)
  const message = await reply.whole()
  const summary = message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const item = {
    id: id.replace(/^req/, 'cmp'),
    type: 'compaction',
    encrypted_content: compactedContent(summary),
  }
  const compacted = {
    id: prepared.head.id,
    object: 'response.compaction',
    created_at: secondsNow(),
    output: [item],
    usage: usageOf(message),
  }
  return Response.json(compacted, { headers })
}

/** The request for a summary. The tools stay, because the history may have calls of them. */
function summaryOf(request: ResponsesRequest): ResponsesRequest {
  const { input } = request
  const items =
    typeof input === 'string' ? [{ role: 'user' as const, content: input }] : (input ?? [])
  return {
    model: request.model as string,
    input: [...items, { role: 'user', content: SUMMARISE }],
    store: false,
    ...(request.instructions && { instructions: request.instructions }),
    ...(request.previous_response_id && { previous_response_id: request.previous_response_id }),
    ...(request.tools && { tools: request.tools, tool_choice: 'none' }),
  }
}
