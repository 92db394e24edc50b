import type { ResponseCreateParams, ResponseInputItem } from 'openai/resources/responses/responses'

import type { MessagesRequest, SentMessage } from '../../api/types.ts'
import { CallIds } from '../call-ids.ts'
import { checkShape, invalid } from '../invalid.ts'
import { messagesRequest } from '../messages-request.ts'
import type { AskedFormat } from '../output-format.ts'
import { placeSystemMessages } from '../place-system.ts'
import { settleResults } from '../settle-results.ts'
import { conversationOf, type FindItem, toolsIn } from './items.ts'
import { responsesRequestSchema } from './schema.ts'
import type { ToolNames } from './tool-names.ts'
import { type PlacedTool, toolsetOf, toolUse } from './toolset.ts'

export type ResponsesRequest = ResponseCreateParams

/**
 * Checks that a body is a request for a response.
 *
 * @throws ApiError that names the wrong or unsupported field
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
  ['prompt', 'stored prompts are not supported: use instructions'],
]

/** The state from earlier responses. */
export type Past = {
  /** System messages among them have the role `system`, in their places. */
  messages: readonly SentMessage[]
  /** The tools in their input. */
  tools: readonly PlacedTool[]
}

export const NO_PAST: Past = { messages: [], tools: [] }

export type TranslatedRequest = {
  request: MessagesRequest
  /**
   * The messages that this request adds to the conversation, without the instructions, which apply
   * to one response only.
   */
  added: Past
  /** The names of the tools, for the calls in the reply. */
  names: ToolNames
  callIds: CallIds
  /** Values of `anthropic-beta`. */
  betas: string[]
  /** The fields of the request that were left out. */
  leftOut: string[]
}

/**
 * Translates a request for a response into one for the Messages API.
 *
 * @param model the full name of the model
 * @param history the items of a conversation, in front of the input
 * @throws ApiError if the API does not support it
 */
export function requestOfResponse(
  request: ResponsesRequest,
  model: string,
  past: Past,
  findItem: FindItem,
  history: readonly ResponseInputItem[] = [],
): TranslatedRequest {
  const input = request.input ?? []
  const inner = toolsIn(input)
  const earlier = [...past.tools, ...toolsIn(history)]
  const own = (request.tools ?? []).map((tool, index) => ({ tool, place: `tools[${index}]` }))
  const toolset = toolsetOf([...own, ...earlier, ...inner], model)
  const callIds = new CallIds()
  const leftOut = [...toolset.leftOut]
  const context = {
    findItem,
    names: toolset.names,
    callIds,
    mcpServers: new Set(toolset.mcpServers.map(({ name }) => name)),
    computerCalls: toolset.computerCalls,
  }
  const before = conversationOf(history, { ...context, leftOut: [] })
  const added = conversationOf(input, { ...context, leftOut })
  const { system, messages } = placeSystemMessages(
    [...past.messages, ...before, ...added],
    request.instructions ? [request.instructions] : [],
  )
  const { tools, choice } = toolUse(request.tool_choice, toolset)
  const asked = messagesRequest(
    {
      system,
      messages: settleResults(messages),
      model: request.model,
      stream: request.stream,
      maxTokens: request.max_output_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      tools,
      toolChoice: choice,
      parallelToolCalls: request.parallel_tool_calls,
      format: formatOf(request.text?.format),
      effort: request.reasoning?.effort,
    },
    { format: 'text.format', effort: 'reasoning.effort' },
  )
  const { mcpServers: servers } = toolset
  return {
    request: servers.length > 0 ? { ...asked, mcp_servers: servers } : asked,
    added: { messages: added, tools: inner },
    names: toolset.names,
    callIds,
    betas: toolset.betas,
    leftOut,
  }
}

function formatOf(
  format: NonNullable<ResponsesRequest['text']>['format'],
): AskedFormat | undefined {
  if (format?.type !== 'json_schema') return format
  return { type: format.type, schema: format.schema, strict: format.strict }
}
