import type { ContentBlock, Message, Usage } from '@anthropic-ai/sdk/resources/messages'

/** A test's description of a tool call; a result must refer to its `id`. */
export type ToolCall = { id: string; name: string; input: Record<string, unknown> }

/** A finished reply of one text block. */
export function textMessage(text: string, overrides: Partial<Message> = {}): Message {
  return assistantMessage([textBlock(text)], overrides)
}

/** A reply that calls tools, in the order given, and waits for their results. */
export function toolUseMessage(calls: ToolCall[], overrides: Partial<Message> = {}): Message {
  const content = calls.map((call): ContentBlock => ({
    type: 'tool_use',
    ...call,
    caller: { type: 'direct' },
  }))
  return assistantMessage(content, { stop_reason: 'tool_use', ...overrides })
}

/** A reply that thinks, with a made-up signature, and then answers. */
export function thinkingMessage(
  thinking: string,
  text: string,
  overrides: Partial<Message> = {},
): Message {
  return assistantMessage(
    [{ type: 'thinking', thinking, signature: 'bWFkZS11cCBzaWduYXR1cmU=' }, textBlock(text)],
    overrides,
  )
}

/**
 * A reply with any blocks. Its id is unique in this process: `msg_standin_1`, `msg_standin_2`, …
 */
export function assistantMessage(
  content: ContentBlock[],
  overrides: Partial<Message> = {},
): Message {
  return {
    id: nextMessageId(),
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-6',
    content,
    container: null,
    diagnostics: null,
    stop_reason: 'end_turn',
    stop_sequence: null,
    stop_details: null,
    usage: usage(),
    ...overrides,
  }
}

/** Every usage field of the API. The numbers differ, so that tests notice swapped fields. */
export function usage(overrides: Partial<Usage> = {}): Usage {
  return {
    input_tokens: 21,
    cache_creation_input_tokens: 12,
    cache_read_input_tokens: 34,
    cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 5 },
    output_tokens: 55,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: 'not_available',
    speed: 'standard',
    ...overrides,
  }
}

/**
 * A text block without citations. The API leaves the field out then, in spite of its type
 * (https://github.com/simonw/llm/issues/716 shows a reply).
 */
export function textBlock(text: string): ContentBlock {
  return { type: 'text', text } as ContentBlock
}

let messageCount = 0

function nextMessageId(): string {
  messageCount += 1
  return `msg_standin_${messageCount}`
}
