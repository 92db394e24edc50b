import type {
  ChatCompletionCreateParams,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions'

import type { MessagesRequest, ToolDefinition } from '../../api/types.ts'
import { functionTool } from '../function-tool.ts'
import { checkShape, invalid } from '../invalid.ts'
import { messagesRequest } from '../messages-request.ts'
import type { AskedFormat } from '../output-format.ts'
import type { AskedChoice } from '../tool-choice.ts'
import { conversationOf } from './messages.ts'
import { chatRequestSchema } from './schema.ts'

/** With the one field that is not OpenAI's but the API's. */
export type ChatRequest = ChatCompletionCreateParams & { thinking?: { type: string } | null }

/**
 * Checks that a body is a request for a chat completion.
 *
 * @throws ApiError that names the field which is wrong, or which asks for what the API does not have
 */
export function parseChatRequest(body: unknown): ChatRequest {
  checkShape(chatRequestSchema, body)
  const request = body as ChatRequest
  for (const [field, reason, isAsked] of REFUSED) {
    if (isAsked(request)) throw invalid(`${field}: ${reason}`, field, 'unsupported_parameter')
  }
  return request
}

const REFUSED: [keyof ChatRequest, string, (request: ChatRequest) => boolean][] = [
  ['n', 'there is one choice: Input should be 1', ({ n }) => (n ?? 1) !== 1],
  ['modalities', 'the API answers in text alone', (request) => wantsAudio(request)],
  ['functions', 'use tools', ({ functions }) => isThere(functions)],
  ['function_call', 'use tool_choice', (request) => isThere(request.function_call)],
  [
    'web_search_options',
    'use the tool web_search of /v1/responses',
    (request) => isThere(request.web_search_options),
  ],
]

function wantsAudio({ modalities }: ChatRequest): boolean {
  return modalities?.includes('audio') === true
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

/**
 * The request to the Messages API that a request for a chat completion stands for.
 *
 * @throws ApiError for what can't be asked of the API
 */
export function requestOfChat(request: ChatRequest): MessagesRequest {
  return messagesRequest(
    {
      ...conversationOf(request.messages),
      model: request.model,
      stream: request.stream,
      maxTokens: request.max_completion_tokens ?? request.max_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      stop: typeof request.stop === 'string' ? [request.stop] : request.stop,
      tools: (request.tools ?? []).map(toolOf),
      toolChoice: choiceOf(request.tool_choice),
      parallelToolCalls: request.parallel_tool_calls,
      format: formatOf(request.response_format),
      effort: request.reasoning_effort,
      thinking: request.thinking,
    },
    { format: 'response_format', effort: 'reasoning_effort' },
  )
}

function toolOf(tool: ChatCompletionTool): ToolDefinition {
  if (tool.type !== 'function') throw new Error('The schema lets no other tool pass.')
  return functionTool(tool.function)
}

function formatOf(format: ChatRequest['response_format']): AskedFormat | undefined {
  if (format?.type !== 'json_schema') return format
  const { schema, strict } = format.json_schema
  return { type: format.type, schema, strict }
}

function choiceOf(
  choice: ChatCompletionToolChoiceOption | null | undefined,
): AskedChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') return { mode: choice }
  switch (choice.type) {
    case 'function':
      return { name: choice.function.name }
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools
      const allowed = tools as { function: { name: string } }[]
      return { mode, names: allowed.map((tool) => tool.function.name) }
    }
    case 'custom':
      throw new Error('The schema lets no other choice pass.')
    default:
      choice satisfies never
      return undefined
  }
}
