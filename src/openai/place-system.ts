import { systemMessagesAsText } from '../api/system-messages.ts'
import type { SentMessage } from '../api/types.ts'

/** A system message of a dialect: its role is `system`, whatever the dialect calls it. */
export type SystemMessage = { role: 'system'; content: string }

/** The parts of a Messages request. */
export type Conversation = { system: string[]; messages: SentMessage[] }

/**
 * Puts the system messages of a dialect where the API accepts them.
 *
 * - Those before all other messages become the system prompt. If there are no other messages, they
 *   become a user message, because the API does not answer a system prompt alone.
 * - Inside the conversation they stay, so that a conversation that continues only grows at its end. The
 *   API accepts them after a turn of the user: they go behind the one that they stand in or before.
 *   Behind a turn of the assistant they become marked text of the user.
 *
 * @param ordered the messages in the client's order
 * @param instructions more system prompt, in front
 */
export function placeSystemMessages(
  ordered: readonly SentMessage[],
  instructions: readonly string[] = [],
): Conversation {
  const system = [...instructions]
  const messages: SentMessage[] = []
  /** System messages that wait for the end of the user's turn. */
  let waiting: SystemMessage[] = []
  const placeWaiting = (): void => {
    const isAfterUser = messages.at(-1)?.role === 'user'
    messages.push(...(isAfterUser ? waiting : systemMessagesAsText(waiting)))
    waiting = []
  }
  for (const message of ordered) {
    if (isSystemMessage(message)) {
      if (messages.length === 0) system.push(message.content)
      else waiting.push(message)
      continue
    }
    if (message.role === 'assistant') placeWaiting()
    messages.push(message)
  }
  placeWaiting()
  if (messages.length > 0 || system.length === 0) return { system, messages }
  return { system: [], messages: [{ role: 'user', content: system.join('\n\n') }] }
}

function isSystemMessage(message: SentMessage): message is SystemMessage {
  return message.role === 'system' && typeof message.content === 'string'
}
