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

/** A content block as a client sends it. Only `type` is sure: the rest depends on it. */
export type ContentBlock = { type: string; [field: string]: unknown }

/** A turn of one side. */
export type Message = {
  role: 'user' | 'assistant'
  content: string | ContentBlock[]
}

/**
 * A message as a client sends it. With the role `system` it tells the model something in the middle
 * of a conversation.
 * Source: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
export type SentMessage = {
  role: Message['role'] | 'system'
  /** Absent at most in a message of the system. */
  content?: Message['content']
  [field: string]: unknown
}

/**
 * An entry of `tools`. One without a `type`, or with `custom`, has a `name` and an `input_schema`;
 * all others are defined by Anthropic and have what their type asks for.
 */
export type ToolDefinition = {
  type?: string | null
  name?: string
  description?: string
  input_schema?: { [keyword: string]: unknown }
  [field: string]: unknown
}

/**
 * The body of `POST /v1/messages` as the client sent it. Fields that are not named here may be
 * there as well, and mean what the API says they mean.
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
