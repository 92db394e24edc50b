import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions'
import type { CompletionUsage } from 'openai/resources/completions'

import type { ReplyMessage } from '../../api/types.ts'
import { customText } from '../custom-tool.ts'
import { tokenCounts } from '../token-counts.ts'
import { annotationsOf } from './annotations.ts'
import { type FinishReason, finishReason } from './finish-reason.ts'
import type { CallStyle } from './request.ts'

/**
 * OpenAI's type has no field for thoughts. Clients look for these two, which DeepSeek and
 * OpenRouter use.
 */
export type ChatMessage = ChatCompletionMessage & {
  reasoning_content?: string
  reasoning?: string
}

/** Fields of every completion and chunk that have a fixed value here. */
export const ALWAYS_SENT = { service_tier: 'default', system_fingerprint: null } as unknown as {
  service_tier: 'default'
}

/**
 * The replies to one request as a chat completion. Each reply is a choice.
 *
 * @param id of the completion
 * @param created seconds since 1970
 */
export function chatCompletion(
  replies: readonly ReplyMessage[],
  { id, created, style }: { id: string; created: number; style: CallStyle },
): ChatCompletion {
  return {
    id,
    object: 'chat.completion',
    created,
    model: replies[0]?.model ?? '',
    choices: replies.map((reply, index) => ({
      index,
      message: chatMessage(reply, style),
      logprobs: null,
      finish_reason: replyReason(reply, style),
    })),
    usage: sumUsage(replies.map(chatUsage)),
    ...ALWAYS_SENT,
  }
}

/** The assistant's message: its texts as one, its thoughts as one, and its calls. */
export function chatMessage(message: ReplyMessage, style: CallStyle): ChatMessage {
  const { content } = message
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const thoughts = content
    .map((block) => (block.type === 'thinking' ? block.thinking : ''))
    .join('')
  const calls = content.filter((block) => block.type === 'tool_use')
  const refusal = refusalText(message)
  return {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || refusal !== null) ? null : text,
    refusal,
    annotations: annotationsOf(content),
    ...(thoughts !== '' && { reasoning: thoughts, reasoning_content: thoughts }),
    ...callFields(calls, style),
  }
}

type Call = Extract<ReplyMessage['content'][number], { type: 'tool_use' }>

function callFields(
  calls: readonly Call[],
  { customTools, isLegacy }: CallStyle,
): Pick<ChatMessage, 'tool_calls' | 'function_call'> {
  const [first] = calls
  if (first === undefined) return {}
  if (isLegacy) return { function_call: functionOf(first) }
  return {
    tool_calls: calls.map((call): ChatCompletionMessageToolCall => {
      const { id, name, input } = call
      return customTools.has(name)
        ? { id, type: 'custom', custom: { name, input: customText(input) } }
        : { id, type: 'function', function: functionOf(call) }
    }),
  }
}

function functionOf({ name, input }: Call): { name: string; arguments: string } {
  return { name, arguments: JSON.stringify(input) }
}

/** The finish reason of a reply, in the client's spelling. */
export function replyReason(
  { stop_reason: reason }: ReplyMessage,
  { isLegacy }: CallStyle,
): FinishReason | 'function_call' {
  return reason === 'tool_use' && isLegacy ? 'function_call' : finishReason(reason)
}

/** Why the answer was refused, if the API said so. */
export function refusalText({ stop_reason: reason, stop_details: details }: ReplyMessage) {
  if (reason !== 'refusal' || details?.type !== 'refusal') return null
  return details.explanation
}

export function chatUsage(message: ReplyMessage): CompletionUsage {
  const counts = tokenCounts(message)
  return {
    prompt_tokens: counts.input,
    completion_tokens: counts.output,
    total_tokens: counts.total,
    prompt_tokens_details: {
      cached_tokens: counts.cacheRead,
      cache_write_tokens: counts.cacheWritten,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: counts.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** The usage of all choices of a completion together. */
export function sumUsage(usages: readonly CompletionUsage[]): CompletionUsage {
  const sum = (count: (usage: CompletionUsage) => number | undefined): number =>
    usages.reduce((total, usage) => total + (count(usage) ?? 0), 0)
  return {
    prompt_tokens: sum((usage) => usage.prompt_tokens),
    completion_tokens: sum((usage) => usage.completion_tokens),
    total_tokens: sum((usage) => usage.total_tokens),
    prompt_tokens_details: {
      cached_tokens: sum((usage) => usage.prompt_tokens_details?.cached_tokens),
      cache_write_tokens: sum((usage) => usage.prompt_tokens_details?.cache_write_tokens),
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: sum((usage) => usage.completion_tokens_details?.reasoning_tokens),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
