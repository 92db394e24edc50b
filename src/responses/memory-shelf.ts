import { MemoryConversations } from './memory-conversations.ts'
import { MemoryResponses } from './memory-responses.ts'
import type { ResponseShelf } from './stored.ts'

/** Keeps responses and conversations in the memory of this process: nothing is written to disk. */
export function memoryShelf(): ResponseShelf {
  const [responses, conversations] = [new MemoryResponses(), new MemoryConversations()]
  return {
    responses: ({ caller }) => responses.of(caller),
    conversations: ({ caller }) => conversations.of(caller),
  }
}
