import { LRUCache } from 'lru-cache'

import type { ContentBlock } from '../api/types.ts'
import type { RememberedAnswers } from '../openai/remembered-answers.ts'
import { sizeOf } from '../json-pieces.ts'

/** Characters of JSON, about. */
const LIMIT = 16_000_000

/**
 * Keeps answers in memory, and drops the least recently used ones first. An answer that is larger
 * than the limit is not kept.
 */
export function createAnswerMemory(limit: number = LIMIT): RememberedAnswers {
  const cache = new LRUCache<string, ContentBlock[]>({
    maxSize: limit,
    sizeCalculation: (stored) => sizeOf(stored),
  })
  return {
    get: (name) => cache.get(name),
    set: (name, content) => void cache.set(name, content),
  }
}
