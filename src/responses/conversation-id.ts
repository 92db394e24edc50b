import { randomBytes } from 'node:crypto'

/** An id for a conversation, in the form of OpenAI's API. */
export function newConversationId(): string {
  return `conv_${randomBytes(16).toString('hex')}`
}
