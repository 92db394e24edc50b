import type { ContentBlock, SentMessage } from './types.ts'

/** The parts of a message that matter here: its role and its content. */
type Said = Pick<SentMessage, 'role' | 'content'>

/**
 * Merges neighbours of equal role into one message whose content is the blocks of all, as the API
 * does with consecutive turns of one side. A message between messages of the other role is returned
 * as the same object.
 * Source: https://platform.claude.com/docs/en/api/messages (`messages`)
 */
export function combineMessages<Message extends Said>(messages: readonly Message[]): Message[] {
  return runsOf(messages).map(combineRun)
}

/** A run: neighbouring messages of one role, and the index of the first in the client's list. */
export type Run<Message extends Said = Said> = {
  role: Message['role']
  start: number
  messages: [Message, ...Message[]]
}

/** Splits a conversation wherever the role changes. */
export function runsOf<Message extends Said>(messages: readonly Message[]): Run<Message>[] {
  const runs: Run<Message>[] = []
  for (const [index, message] of messages.entries()) {
    const run = runs.at(-1)
    if (run?.role === message.role) run.messages.push(message)
    else runs.push({ role: message.role, start: index, messages: [message] })
  }
  return runs
}

/** A run as one message. */
function combineRun<Message extends Said>({ messages: [first, ...others] }: Run<Message>): Message {
  if (others.length === 0) return first
  return { ...first, content: [first, ...others].flatMap(blocksOf) }
}

/** The content of a message as blocks: a string is one text block. */
export function blocksOf({ content = [] }: Pick<Said, 'content'>): ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
