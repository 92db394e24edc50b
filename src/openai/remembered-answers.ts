import { blocksOf, combineMessages } from '../api/combine.ts'
import type { ContentBlock, MessagesRequest, SentMessage } from '../api/types.ts'
import { digest, extendLineage, lineageAfter } from '../plan/lineage.ts'
import type { Steps } from '../steps.ts'

/*
 * Clients of these dialects send an answer back without the parts that the dialect has no place for:
 * thoughts with their signatures, the order of blocks, searches and citations. The proxy remembers
 * each answer under a name of the conversation as its client sends it back, so that the conversation
 * is the same again, for the API and for the process that carries it.
 */

/** Answers by name, as the API gave them. */
export type RememberedAnswers = {
  get: (name: string) => ContentBlock[] | undefined
  set: (name: string, content: ContentBlock[]) => void
}

export type RestoredConversation = {
  messages: SentMessage[]
  /** Names the conversation as its client has it. */
  name: string
}

/**
 * The conversation of a request, with each remembered answer as the API gave it. Other answers stay
 * as the client sent them.
 *
 * A name begins with the caller, the model, the system prompt and the tools. So an answer is put back
 * only for the caller that got it, and only into the conversation that it was given in: two callers
 * whose messages are equal do not meet, and neither do two conversations of one caller.
 *
 * @param caller names whose request it is: two callers never have the same name
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
 * Remembers the answer to a restored conversation, unless clients send all of it back.
 *
 * @param name of the conversation, from `restoreAnswers`
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

/** A message as it comes back from a client: of an answer, its text and then its calls. */
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
