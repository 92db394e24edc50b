import { expect, test } from 'vitest'

import { checkMessagesRequest } from '../api/request.ts'
import type { MessagesRequest } from '../api/types.ts'
import type { Steps } from '../steps.ts'
import { type PlanContext, planTurn } from './plan-turn.ts'
import { planWhole } from './plan-whole.ts'

/** A large body does not block other requests: all work on it has places to pause. */

const CONTEXT: PlanContext = {
  defaults: { model: 'claude-sonnet-4-6' },
  betas: [],
  describeModel: (id) => ({ id, alwaysThinks: false }),
}

const MEGABYTES = 8
const BLOCKS = 100_000

const TEXT = 'x'.repeat(MEGABYTES * 1024 * 1024)

const LONG_TEXT: MessagesRequest = { messages: [{ role: 'user', content: TEXT }] }
const LONG_TOOL: MessagesRequest = {
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [{ name: 'a', description: TEXT, input_schema: { type: 'object' } }],
}
const MANY_BLOCKS: MessagesRequest = {
  messages: [
    {
      role: 'user',
      content: Array.from({ length: BLOCKS }, () => ({ type: 'text', text: 'word' })),
    },
  ],
}

function placesIn(steps: Steps<unknown>): number {
  let places = 0
  while (steps.next().done !== true) places += 1
  return places
}

test.each([
  ['planWhole', 'a long text', () => planWhole(LONG_TEXT, CONTEXT)],
  ['planWhole', 'the text of a tool', () => planWhole(LONG_TOOL, CONTEXT)],
  ['planTurn', 'a long text', () => planTurn(LONG_TEXT, CONTEXT)],
  ['planTurn', 'the text of a tool', () => planTurn(LONG_TOOL, CONTEXT)],
])('%s pauses at least ten times for each megabyte of %s', (_work, _body, steps) => {
  expect(placesIn(steps())).toBeGreaterThanOrEqual(10 * MEGABYTES)
})

// Each goes through all blocks several times.
test.each([
  ['checkMessagesRequest', 6, () => checkMessagesRequest(MANY_BLOCKS)],
  ['planWhole', 1, () => planWhole(MANY_BLOCKS, CONTEXT)],
  ['planTurn', 2, () => planTurn(MANY_BLOCKS, CONTEXT)],
])('%s pauses for each thousand blocks in each of its %i passes', (_work, looks, steps) => {
  expect(placesIn(steps())).toBeGreaterThanOrEqual((looks * BLOCKS) / 1000)
})
