import { blocksOf, combineMessages } from '../api/combine.ts'
import type { ContentBlock, Message } from '../api/types.ts'
import { extendLineage } from '../plan/lineage.ts'

/*
 * Clients of these dialects send an answer back without what the dialect has no place for: thoughts
 * with their signatures, the order of blocks, searches and citations. What was given out is
 * remembered under a name of what a client does send back, so that the conversation is the same
 * again, for the API and for the process that carries it.
 */

/** What answers consisted of, by name. */
export type GivenAnswers = {
  get: (name: string) => ContentBlock[] | undefined
  set: (name: string, content: ContentBlock[]) => void
}

export type RestoredConversation = {
  messages: Message[]
  /** Names the conversation as a client has it. */
  name: string
}

/**
 * A conversation with its answers as they were given out, as far as they are remembered; others stay
 * as the client sent them.
 */
export function restoreAnswers(
  conversation: readonly Message[],
  given: GivenAnswers,
): RestoredConversation {
  let name = ''
  const messages = combineMessages(conversation).map((message) => {
    name = extendLineage(name, bare(message))
    const content = message.role === 'assistant' ? given.get(name) : undefined
    return content === undefined ? message : { role: message.role, content }
  })
  return { messages, name }
}

/** Remembers an answer to a restored conversation, if more is in it than a client sends back. */
export function rememberAnswer(name: string, content: ContentBlock[], given: GivenAnswers): void {
  const answer: Message = { role: 'assistant', content }
  const returned = bare(answer)
  if (extendLineage('', returned) === extendLineage('', answer)) return
  given.set(extendLineage(name, returned), content)
}

/** A message without what gets lost on the way through a client. */
function bare(message: Message): Message {
  if (message.role === 'user') return message
  const blocks = blocksOf(message)
  const text = blocks.map((block) => (block.type === 'text' ? block['text'] : '')).join('')
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map(({ type, id, name, input }) => ({ type, id, name, input }))
  return {
    role: 'assistant',
    content: [...(text === '' ? [] : [{ type: 'text', text }]), ...calls],
  }
}
