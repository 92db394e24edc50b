import { familyOf } from './model-family.ts'
import type { ContentBlock, Message, SentMessage } from './types.ts'

/**
 * The conversation with each `system` message turned into user text at its place. The text says
 * that it is a system message. It is merged with neighbouring user messages.
 */
export function systemMessagesAsText(messages: readonly SentMessage[]): Message[] {
  return messages.flatMap(({ role, content }): Message[] => {
    // A system message with only an `output_config` has no text for the model.
    if (content === undefined || (role === 'system' && content.length === 0)) return []
    // Fields besides role and content exist only in system messages (`clear_at`, …).
    if (role !== 'system') return [{ role, content }]
    const text = `<system_message>\n${textOf(content)}\n</system_message>`
    return [{ role: 'user', content: [{ type: 'text', text }] }]
  })
}

/**
 * Whether a model takes messages of the role `system` inside a conversation; older ones refuse them.
 * Source: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 *
 * @returns undefined if the name has no version of a Claude model in it
 */
export function takesSystemMessages(model: string): boolean | undefined {
  const { family, version } = familyOf(model) ?? {}
  return version === undefined ? undefined : version >= (family === 'opus' ? 408 : 500)
}

/** The text of a system message; blocks of other types as their JSON. */
function textOf(content: string | ContentBlock[]): string {
  if (typeof content === 'string') return content
  return content
    .map((block) => (typeof block['text'] === 'string' ? block['text'] : JSON.stringify(block)))
    .join('\n\n')
}
