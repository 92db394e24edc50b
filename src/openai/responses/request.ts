import type { ResponseCreateParams, Tool } from 'openai/resources/responses/responses'

import type { Message, MessagesRequest, ToolDefinition } from '../../api/types.ts'
import { functionTool } from '../function-tool.ts'
import { checkShape, invalid } from '../invalid.ts'
import { messagesRequest } from '../messages-request.ts'
import type { AskedFormat } from '../output-format.ts'
import type { AskedChoice } from '../tool-choice.ts'
import { conversationOf, type FindItem } from './items.ts'
import { responsesRequestSchema } from './schema.ts'
import { isWebSearch, WEB_SEARCH, webSearchTool } from './web-search.ts'

export type ResponsesRequest = ResponseCreateParams

/**
 * Checks that a body is a request for a response.
 *
 * @throws ApiError that names the field which is wrong, or which asks for what is not there
 */
export function parseResponsesRequest(body: unknown): ResponsesRequest {
  checkShape(responsesRequestSchema, body)
  const request = body as ResponsesRequest
  for (const [field, reason] of REFUSED) {
    if (request[field]) throw invalid(`${field}: ${reason}`, field, 'unsupported_parameter')
  }
  return request
}

const REFUSED: [keyof ResponsesRequest, string][] = [
  ['background', 'a response is made while it is asked for'],
  ['conversation', 'there is no store of conversations: use previous_response_id'],
  ['prompt', 'there is no store of prompts: use instructions'],
]

/** What responses before this one have left. */
export type Past = { system: readonly string[]; messages: readonly Message[] }

export type TranslatedRequest = {
  request: MessagesRequest
  /** What this request adds to the past: without the instructions, which hold for one response. */
  added: Past
}

/**
 * The request to the Messages API that a request for a response stands for.
 *
 * @throws ApiError for what can't be asked of the API
 */
export function requestOfResponse(
  request: ResponsesRequest,
  past: Past,
  findItem: FindItem,
): TranslatedRequest {
  const added = conversationOf(request.input ?? [], findItem)
  const instructions = request.instructions ? [request.instructions] : []
  const asked = messagesRequest(
    {
      system: [...instructions, ...past.system, ...added.system],
      messages: [...past.messages, ...added.messages],
      model: request.model,
      stream: request.stream,
      maxTokens: request.max_output_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      tools: (request.tools ?? []).map(toolOf),
      toolChoice: choiceOf(request.tool_choice),
      parallelToolCalls: request.parallel_tool_calls,
      format: formatOf(request.text?.format),
      effort: request.reasoning?.effort,
    },
    { format: 'text.format', effort: 'reasoning.effort' },
  )
  return { request: asked, added }
}

function toolOf(tool: Tool): ToolDefinition {
  if (tool.type === 'function') return functionTool(tool)
  if (isWebSearch(tool)) return webSearchTool(tool)
  throw new Error('The schema lets no other tool pass.')
}

function formatOf(
  format: NonNullable<ResponsesRequest['text']>['format'],
): AskedFormat | undefined {
  if (format?.type !== 'json_schema') return format
  return { type: format.type, schema: format.schema, strict: format.strict }
}

function choiceOf(choice: ResponsesRequest['tool_choice'] | null): AskedChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') return { mode: choice }
  if (choice.type === 'function') return { name: choice.name }
  if (choice.type === 'allowed_tools') {
    const allowed = choice.tools as { type: string; name?: string }[]
    return { mode: choice.mode, names: allowed.map(({ name }) => name ?? WEB_SEARCH) }
  }
  return { name: WEB_SEARCH }
}
