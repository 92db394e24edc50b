import type { ContentBlock, Message } from './types.ts'

/**
 * Merges neighbours of equal role into one message whose content is the blocks of all, as the API
 * does with consecutive turns of one side. Messages between others of the other role are given
 * back as they are, the same object.
 * Source: https://platform.claude.com/docs/en/api/messages (`messages`)
 */
export function combineMessages(messages: readonly Message[]): Message[] {
  return runsOf(messages).map(combineRun)
}

/** Neighbouring messages of one role, and the index of the first in the client's list. */
export type Run = { role: Message['role']; start: number; messages: [Message, ...Message[]] }

/** Splits a conversation wherever the role changes. */
export function runsOf(messages: readonly Message[]): Run[] {
  const runs: Run[] = []
  for (const [index, message] of messages.entries()) {
    const run = runs.at(-1)
    if (run?.role === message.role) run.messages.push(message)
    else runs.push({ role: message.role, start: index, messages: [message] })
  }
  return runs
}

/** A run as the one message that it counts for. */
export function combineRun({ role, messages: [first, ...others] }: Run): Message {
  if (others.length === 0) return first
  return { role, content: [first, ...others].flatMap(blocksOf) }
}

/** The content of a message as blocks: a string is one text block. */
export function blocksOf({ content }: Message): ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
