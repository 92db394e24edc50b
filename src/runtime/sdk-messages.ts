import { randomUUID } from 'node:crypto'

import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk'

import { openServerCalls } from '../api/server-calls.ts'
import type { ContentBlock, Message } from '../api/types.ts'
import type { Turn } from '../plan/turn.ts'

/** A prompt, in the form in which the runtime reads it from stdin. */
export function userPrompt(content: Turn['prompt']): SDKUserMessage {
  return {
    type: 'user',
    // Blocks go through as they are, those included that the SDK's types do not know.
    message: {
      role: 'user',
      content: content as Extract<SDKUserMessage['message']['content'], string>,
    },
    parent_tool_use_id: null,
  }
}

/** A user turn of the past: it is put into the conversation and nothing is asked. */
export function replayedUser(content: Message['content']): SDKUserMessage {
  return { ...userPrompt(content), shouldQuery: false }
}

/**
 * An assistant turn of the past.
 *
 * The model must be the one that is asked: the runtime drops the thoughts of others. The id is new
 * because messages with equal ids are taken as parts of one. The usage is zero
 * because the runtime takes other numbers for the size of the conversation.
 */
export function replayedAssistant(content: Message['content'], model: string): object {
  return {
    type: 'assistant',
    message: {
      id: `msg_${randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model,
      content:
        typeof content === 'string' ? [{ type: 'text', text: content }] : withOpenCalls(content),
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        output_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    },
    parent_tool_use_id: null,
    session_id: '',
  }
}

/**
 * Keeps the calls of server tools whose results are still to come: the runtime drops what has no
 * result in the same message. It takes this block for a result, and drops it later, before it asks.
 */
function withOpenCalls(content: readonly ContentBlock[]): object[] {
  return [
    ...content,
    ...openServerCalls(content).map((id) => ({
      type: 'advisor_tool_result',
      tool_use_id: id,
      content: { type: 'advisor_result', text: '' },
    })),
  ]
}
