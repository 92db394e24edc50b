import type { ContentBlock, MessagesRequest, SentMessage } from '../api/types.ts'

/** The runtime's report about a model. A model that is not listed may refuse both. */
export type TakenParameters = {
  takesEffort?: boolean
  takesAdaptiveThinking?: boolean
}

/**
 * Whether the API may refuse a conversation's content in a way that makes the runtime ask again without it:
 * thoughts, images and documents.
 */
export function hasRepairableContent(messages: readonly Pick<SentMessage, 'content'>[]): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(isRepairable))
}

/**
 * Whether the API may refuse a parameter in a way that makes the runtime ask again without it, or with
 * another one: effort, and kinds of thinking. The row of a listed model shows what it accepts.
 */
export function hasRepairableParameters(
  { output_config: output, thinking }: MessagesRequest,
  { takesEffort, takesAdaptiveThinking }: TakenParameters,
): boolean {
  const hasEffort = (output as { effort?: unknown } | undefined)?.effort !== undefined
  if (hasEffort && takesEffort !== true) return true
  if (thinking?.type === 'adaptive') return takesAdaptiveThinking !== true
  return thinking?.type === 'enabled'
}

/** The messages without thoughts. A message with only thoughts stays unchanged. */
export function withoutThoughts<Sent extends Pick<SentMessage, 'content'>>(
  messages: readonly Sent[],
): Sent[] {
  return messages.map((message) => {
    if (!Array.isArray(message.content)) return message
    const content = message.content.filter((block) => !isThought(block))
    return content.length === 0 ? message : { ...message, content }
  })
}

/** Whether there are thoughts in the messages. */
export function hasThoughts(messages: readonly Pick<SentMessage, 'content'>[]): boolean {
  return messages.some(({ content }) => Array.isArray(content) && content.some(isThought))
}

const REPAIRABLE = new Set(['thinking', 'redacted_thinking', 'image', 'document'])

function isRepairable({ type, content }: ContentBlock): boolean {
  if (REPAIRABLE.has(type)) return true
  // Content of other blocks was not checked: it may contain anything.
  return (
    Array.isArray(content) &&
    content.some(
      (part: unknown) =>
        typeof part === 'object' && part !== null && isRepairable(part as ContentBlock),
    )
  )
}

function isThought({ type }: ContentBlock): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}
