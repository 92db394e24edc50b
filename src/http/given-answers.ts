import type { ContentBlock } from '../api/types.ts'
import type { GivenAnswers } from '../openai/given.ts'
import { BoundedStore } from './bounded-store.ts'

/** Characters of JSON. */
const LIMIT = 16_000_000

/** Keeps answers in memory; the ones that were not asked for longest are forgotten. */
export function keepAnswers(): GivenAnswers {
  const store = new BoundedStore<ContentBlock[]>(LIMIT)
  return {
    get: (name) => store.get(name),
    set: (name, content) => store.set(name, content, JSON.stringify(content).length),
  }
}
