import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatCompletionMessageFunctionToolCall,
} from 'openai/resources/chat/completions'
import type { CompletionUsage } from 'openai/resources/completions'

import type { ReplyMessage } from '../../api/types.ts'
import { tokenCounts } from '../token-counts.ts'
import { finishReason } from './finish-reason.ts'

/** OpenAI's own has no place for thoughts; this is the field that clients look for. */
export type ChatMessage = Omit<ChatCompletionMessage, 'tool_calls'> & {
  reasoning_content?: string
  tool_calls?: ChatCompletionMessageFunctionToolCall[]
}

/**
 * A reply as a chat completion.
 *
 * @param created seconds since 1970
 */
export function chatCompletion(message: ReplyMessage, created: number): ChatCompletion {
  return {
    id: message.id,
    object: 'chat.completion',
    created,
    model: message.model,
    choices: [
      {
        index: 0,
        message: chatMessage(message),
        finish_reason: finishReason(message.stop_reason),
        logprobs: null,
      },
    ],
    usage: chatUsage(message),
  }
}

/** The assistant's message: its texts as one, its thoughts as one, and its calls. */
export function chatMessage(message: ReplyMessage): ChatMessage {
  const { content } = message
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const thoughts = content
    .map((block) => (block.type === 'thinking' ? block.thinking : ''))
    .join('')
  const calls = content.flatMap((block): ChatCompletionMessageFunctionToolCall[] =>
    block.type === 'tool_use'
      ? [
          {
            id: block.id,
            type: 'function',
            function: { name: block.name, arguments: JSON.stringify(block.input) },
          },
        ]
      : [],
  )
  const refusal = refusalText(message)
  return {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || refusal !== null) ? null : text,
    refusal,
    ...(thoughts !== '' && { reasoning_content: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

/** Why the answer was refused, where that was said. */
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
    },
    completion_tokens_details: { reasoning_tokens: counts.reasoning },
  }
}
