import type {
  BetaMessage,
  BetaRawMessageStreamEvent,
  BetaTextBlockParam,
} from '@anthropic-ai/sdk/resources/beta/messages'

/** The API's reply to a request that is not streamed. */
export type ReplyMessage = BetaMessage

/** An event of a streamed reply, of the types known today. */
export type ReplyEvent = BetaRawMessageStreamEvent

/** An event of a streamed reply, known or not. */
export type StreamEvent = { type: string }

/** A content block from a client. Only `type` is certain; the other fields depend on it. */
export type ContentBlock = { type: string; [field: string]: unknown }

/** A message of one of the two sides. */
export type Message = {
  role: 'user' | 'assistant'
  content: string | ContentBlock[]
}

/**
 * A message from a client. The role `system` is for instructions in the middle of a conversation.
 * Source: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
export type SentMessage = {
  role: Message['role'] | 'system'
  /** Can be absent only in a system message. */
  content?: Message['content']
  [field: string]: unknown
}

/**
 * An entry of `tools`. Without a `type`, or with `custom`, it has a `name` and an `input_schema`.
 * All others are defined by Anthropic, and their fields depend on the type.
 */
export type ToolDefinition = {
  type?: string | null
  name?: string
  description?: string
  input_schema?: { [keyword: string]: unknown }
  [field: string]: unknown
}

/**
 * The body of `POST /v1/messages` from a client. It may have further fields, with the API's
 * meaning.
 * Source: https://platform.claude.com/docs/en/api/messages
 */
export type MessagesRequest = {
  model?: string
  messages: SentMessage[]
  system?: string | BetaTextBlockParam[]
  max_tokens?: number
  stream?: boolean
  temperature?: number
  top_p?: number
  top_k?: number
  stop_sequences?: string[]
  tools?: ToolDefinition[]
  tool_choice?: { type: string; [field: string]: unknown }
  thinking?: { type: string; [field: string]: unknown }
  output_config?: { [field: string]: unknown }
  metadata?: { [field: string]: unknown }
  [field: string]: unknown
}
