import type {
  ChatCompletionCreateParams,
  ChatCompletionNamedToolChoice,
  ChatCompletionNamedToolChoiceCustom,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from 'openai/resources/chat/completions'

import type { MessagesRequest, ToolDefinition } from '../../api/types.ts'
import { CallIds } from '../call-ids.ts'
import { customTool } from '../custom-tool.ts'
import { functionTool } from '../function-tool.ts'
import { checkShape, invalid } from '../invalid.ts'
import { messagesRequest } from '../messages-request.ts'
import type { AskedFormat } from '../output-format.ts'
import type { AskedChoice } from '../tool-choice.ts'
import { conversationOf } from './messages.ts'
import { chatRequestSchema } from './schema.ts'

/** With one field that belongs to the API, not to OpenAI. */
export type ChatRequest = ChatCompletionCreateParams & { thinking?: { type: string } | null }

/**
 * Checks that a body is a request for a chat completion.
 *
 * @throws ApiError that names the wrong or unsupported field
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
  [
    'modalities',
    'the API answers only in text',
    ({ modalities }) => modalities?.includes('audio') === true,
  ],
]

/** The names of chat completions for the API's fields, if they differ. */
export const CHAT_NAMES: ReadonlyMap<string, string> = new Map([
  ['stop_sequences', 'stop'],
  ['thinking', 'reasoning_effort'],
  ['output_config.effort', 'reasoning_effort'],
])

/**
 * Translates a request for a chat completion into one for the Messages API.
 *
 * @param callIds learns all calls of the history
 * @throws ApiError if the API does not support it
 */
export function requestOfChat(request: ChatRequest, callIds = new CallIds()): MessagesRequest {
  return messagesRequest(
    {
      ...conversationOf(request.messages, callIds),
      model: request.model,
      stream: request.stream,
      maxTokens: request.max_completion_tokens ?? request.max_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      stop: typeof request.stop === 'string' ? [request.stop] : request.stop,
      tools: toolsOf(request),
      toolChoice: choiceOf(request.tool_choice) ?? legacyChoice(request.function_call),
      // The older form allows only one call.
      parallelToolCalls: usesFunctions(request) ? false : request.parallel_tool_calls,
      format: formatOf(request.response_format),
      effort: request.reasoning_effort,
      thinking: request.thinking,
    },
    { format: 'response_format', effort: 'reasoning_effort' },
  )
}

function toolsOf(request: ChatRequest): ToolDefinition[] {
  const { web_search_options: search } = request
  return [
    ...(request.tools ?? []).map(toolOf),
    ...(request.functions ?? []).map(functionTool),
    ...(search ? [webSearchTool(search)] : []),
  ]
}

function toolOf(tool: ChatCompletionTool): ToolDefinition {
  if (tool.type === 'function') return functionTool(tool.function)
  const { format, ...custom } = tool.custom
  return customTool({ ...custom, grammar: format?.type === 'grammar' ? format.grammar : undefined })
}

/** OpenAI's web search as the API's. Both run on the server. */
function webSearchTool({ user_location: location }: WebSearchOptions): ToolDefinition {
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(location && { user_location: { type: 'approximate', ...location.approximate } }),
  }
}

type WebSearchOptions = NonNullable<ChatRequest['web_search_options']>

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
    case 'custom':
      return { name: chosenName(choice) }
    case 'allowed_tools': {
      const { mode, tools } = choice.allowed_tools
      return { mode, names: (tools as unknown as NamedTool[]).map(chosenName) }
    }
    default:
      choice satisfies never
      return undefined
  }
}

type NamedTool = ChatCompletionNamedToolChoice | ChatCompletionNamedToolChoiceCustom

function chosenName(tool: NamedTool): string {
  return tool.type === 'custom' ? tool.custom.name : tool.function.name
}

function legacyChoice(choice: ChatRequest['function_call'] | null): AskedChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  return typeof choice === 'string' ? { mode: choice } : { name: choice.name }
}

function usesFunctions({ functions }: ChatRequest): boolean {
  return functions !== undefined && functions !== null && functions.length > 0
}

/** The form of a reply's calls for its client. */
export type CallStyle = {
  /** The names of the tools whose input is a text. */
  customTools: ReadonlySet<string>
  /** Whether a call is a `function_call`, the form before tools. */
  isLegacy: boolean
}

export function callStyleOf(request: ChatRequest): CallStyle {
  const names = (request.tools ?? []).flatMap((tool) =>
    tool.type === 'custom' ? [tool.custom.name] : [],
  )
  return { customTools: new Set(names), isLegacy: usesFunctions(request) }
}
