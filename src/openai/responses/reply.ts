import type {
  FunctionTool,
  Response,
  ResponseOutputItem,
  ResponseUsage,
  Tool,
} from 'openai/resources/responses/responses'

import type { ReplyMessage } from '../../api/types.ts'
import type { ApiError } from '../../errors.ts'
import { tokenCounts } from '../token-counts.ts'
import { type OutputHead, outputItems } from './output.ts'
import type { ResponsesRequest } from './request.ts'
import type { ToolNames } from './tool-names.ts'

/**
 * The part of a response that is known before its reply: its id, and the fields of the request that
 * it repeats.
 */
export type ResponseHead = {
  /** `resp_…` */
  id: string
  request: ResponsesRequest
  /** Seconds since 1970. */
  createdAt: number
  /** The names of the request's tools. */
  names: ToolNames
  /** The conversation that the response belongs to. */
  conversationId?: string | undefined
}

/** The fields on the wire. The client's library adds `output_text`. */
export type WireResponse = Omit<Response, 'output_text' | 'usage'> & {
  usage: ResponseUsage | null
  store: boolean
  presence_penalty: number
  frequency_penalty: number
}

/**
 * A whole reply as a response.
 *
 * @param now seconds since 1970
 */
export function responseOf(message: ReplyMessage, head: ResponseHead, now: number): WireResponse {
  const details = incompleteDetails(message.stop_reason)
  return {
    ...emptyResponse(message.model, head),
    status: details === null ? 'completed' : 'incomplete',
    completed_at: details === null ? now : null,
    incomplete_details: details,
    output: outputItems(message.content, outputHead(message, head), details === null),
    service_tier: serviceTier(message),
    usage: usageOf(message),
  }
}

export function outputHead(
  message: ReplyMessage | undefined,
  { id, names }: ResponseHead,
): OutputHead {
  return { responseId: id, names, containerId: message?.container?.id ?? '' }
}

/** A response that has begun, with every field that OpenAI's API always sends. */
export function emptyResponse(
  model: string,
  { id, request, createdAt, conversationId }: ResponseHead,
): WireResponse {
  const penalties = request as { presence_penalty?: unknown; frequency_penalty?: unknown }
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: null,
    status: 'in_progress',
    access_programs: null,
    background: request.background ?? false,
    conversation: conversationId === undefined ? null : { id: conversationId },
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_retention: request.prompt_cache_retention ?? null,
    reasoning: {
      effort: request.reasoning?.effort ?? null,
      summary: request.reasoning?.summary ?? null,
    },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: 'default',
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: {
      format: request.text?.format ?? { type: 'text' },
      verbosity: request.text?.verbosity ?? 'medium',
    },
    tool_choice: request.tool_choice ?? 'auto',
    tools: (request.tools ?? []).map(echoed),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    // The model's API has no such values; 0 is OpenAI's default.
    presence_penalty: numberOr0(penalties.presence_penalty),
    frequency_penalty: numberOr0(penalties.frequency_penalty),
    truncation: request.truncation ?? 'disabled',
    usage: null,
    ...(request.user !== undefined && { user: request.user }),
  }
}

/** A tool as a response repeats it, with the fields that OpenAI's API adds. */
function echoed(tool: Tool): Tool {
  if (tool.type !== 'function') return tool
  const { description = null, parameters = null, strict = null } = tool as Partial<FunctionTool>
  return { ...tool, description, parameters, strict }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function serviceTier({ usage }: ReplyMessage): 'default' | 'priority' {
  return usage.service_tier === 'priority' ? 'priority' : 'default'
}

/** A response that failed after it had begun. */
export function failedResponse(
  begun: WireResponse,
  output: ResponseOutputItem[],
  { type, message }: ApiError,
): WireResponse {
  const code = type === 'rate_limit_error' ? 'rate_limit_exceeded' : 'server_error'
  return { ...begun, status: 'failed', output, error: { code, message } }
}

/** Why a reply is incomplete; `null` if it is complete. */
function incompleteDetails(reason: ReplyMessage['stop_reason']): Response['incomplete_details'] {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
    case 'tool_use':
    case null:
      return null
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return { reason: 'max_output_tokens' }
    case 'refusal':
      return { reason: 'content_filter' }
    case 'pause_turn':
    case 'compaction':
      return {}
    default:
      reason satisfies never
      return null
  }
}

/** The usage of a response without a reply. */
export const NO_USAGE: ResponseUsage = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
}

export function usageOf(message: ReplyMessage): ResponseUsage {
  const counts = tokenCounts(message)
  return {
    input_tokens: counts.input,
    input_tokens_details: {
      cached_tokens: counts.cacheRead,
      cache_write_tokens: counts.cacheWritten,
    },
    output_tokens: counts.output,
    output_tokens_details: { reasoning_tokens: counts.reasoning },
    total_tokens: counts.total,
  }
}
