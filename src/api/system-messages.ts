import type { ContentBlock, Message, SentMessage } from './types.ts'

/**
 * The conversation with each `system` message as text of the user's side, where it stands. The text
 * says what it is; the neighbours of the user's side count as one message with it.
 */
export function systemMessagesAsText(messages: readonly SentMessage[]): Message[] {
  return messages.flatMap(({ role, content }): Message[] => {
    // One of the system that has an `output_config` alone says nothing to the model.
    if (content === undefined) return []
    // Fields beside role and content are those of a system message alone (`clear_at`, …).
    if (role !== 'system') return [{ role, content }]
    const text = `<system_message>\n${textOf(content)}\n</system_message>`
    return [{ role: 'user', content: [{ type: 'text', text }] }]
  })
}

/** The text of a system message; blocks of other types as their JSON. */
function textOf(content: string | ContentBlock[]): string {
  if (typeof content === 'string') return content
  return content
    .map((block) => (typeof block['text'] === 'string' ? block['text'] : JSON.stringify(block)))
    .join('\n\n')
}
