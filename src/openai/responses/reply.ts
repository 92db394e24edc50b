import type {
  Response,
  ResponseOutputItem,
  ResponseUsage,
} from 'openai/resources/responses/responses'

import type { ReplyMessage } from '../../api/types.ts'
import type { ApiError } from '../../errors.ts'
import { tokenCounts } from '../token-counts.ts'
import { outputItems } from './output.ts'
import type { ResponsesRequest } from './request.ts'

/** What is known of a response before its reply: the request, which it repeats, and its frame. */
export type ResponseHead = {
  /** `resp_…` */
  id: string
  request: ResponsesRequest
  /** Seconds since 1970. */
  createdAt: number
}

/** What the wire has. `output_text` is made by the client's library. */
export type WireResponse = Omit<Response, 'output_text'>

/** A whole reply as a response. */
export function responseOf(message: ReplyMessage, head: ResponseHead): WireResponse {
  const details = incompleteDetails(message.stop_reason)
  return {
    ...emptyResponse(message.model, head),
    status: details === null ? 'completed' : 'incomplete',
    incomplete_details: details,
    output: outputItems(message.content, head.id, details === null),
    usage: usageOf(message),
  }
}

/** A response that has begun. */
export function emptyResponse(
  model: string,
  { id, request, createdAt }: ResponseHead,
): WireResponse {
  return {
    id,
    access_programs: null,
    object: 'response',
    created_at: createdAt,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: null },
    temperature: request.temperature ?? null,
    text: { format: request.text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_p: request.top_p ?? null,
    truncation: 'disabled',
  }
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

/** Why a reply is not complete; `null` for one that is. */
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

function usageOf(message: ReplyMessage): ResponseUsage {
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
