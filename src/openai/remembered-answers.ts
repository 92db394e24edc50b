import { blocksOf, combineMessages } from '../api/combine.ts'
import type { ContentBlock, MessagesRequest, SentMessage } from '../api/types.ts'
import { digest, extendLineage, lineageAfter } from '../plan/lineage.ts'
import type { Steps } from '../steps.ts'

/*
 * Clients of these dialects return an answer without the parts that the dialect does not have:
 * thoughts with their signatures, the order of blocks, searches and citations. The proxy remembers
 * each answer, under a hash of the conversation in the client's form. So the next request restores
 * the same conversation, for the API and for the process that holds it.
 */

/** Answers in the API's form, by name. */
export type RememberedAnswers = {
  get: (name: string) => ContentBlock[] | undefined
  set: (name: string, content: ContentBlock[]) => void
}

export type RestoredConversation = {
  messages: SentMessage[]
  /** The name of the conversation in the client's form. */
  name: string
}

/**
 * Restores each remembered answer in a conversation to the API's form. Other answers stay
 * unchanged.
 *
 * A name includes the caller, the model, the system prompt and the tools. So an answer is restored
 * only for its own caller, and only in its own conversation, even if two callers or two
 * conversations have equal messages.
 *
 * @param caller the name of the caller; no two callers have the same name
 */
export function* restoreAnswers(
  { model, system, tools, messages }: MessagesRequest,
  caller: string,
  answers: RememberedAnswers,
): Steps<RestoredConversation> {
  let name = yield* digest('', { caller, model, system, tools })
  const restored: SentMessage[] = []
  for (const message of combineMessages(messages)) {
    name = yield* lineageAfter(name, asClientsReturnIt(message))
    const content = message.role === 'assistant' ? answers.get(name) : undefined
    restored.push(content === undefined ? message : { role: message.role, content })
    yield
  }
  return { messages: restored, name }
}

/**
 * Remembers the answer to a restored conversation, unless clients return all of it.
 *
 * @param name the name of the conversation, from `restoreAnswers`
 */
export function rememberAnswer(
  name: string,
  content: ContentBlock[],
  answers: RememberedAnswers,
): void {
  const answer: SentMessage = { role: 'assistant', content }
  const returned = asClientsReturnIt(answer)
  if (extendLineage('', returned) === extendLineage('', answer)) return
  answers.set(extendLineage(name, returned), content)
}

/** A message in the form in which clients return it: an answer's text, then its calls. */
function asClientsReturnIt(message: SentMessage): SentMessage {
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
