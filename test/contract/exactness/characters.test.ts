import { afterAll, beforeAll, expect, test } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { documentedCharacters, IS_WRITING, writeCharacters } from './table.ts'

/* How many characters the runtime adds to a conversation, by model and login. */

const MODELS = [
  'claude-sonnet-4-6',
  'claude-opus-4-8',
  'claude-sonnet-5-5',
  'claude-opus-5-5',
  'claude-haiku-5-5',
]

/** The names of system, version and folder have different lengths on other machines. */
const TOLERANCE = 150

let bench: Bench
const counts = new Map<string, number>()

beforeAll(async () => {
  bench = await startBench({
    maxProcesses: 1,
    ...(CARRIER === 'turns' && { login: SUBSCRIPTION_LOGIN }),
  })
})
afterAll(async () => {
  await bench?.close()
  if (IS_WRITING) writeCharacters(CARRIER, counts)
})

test.each(MODELS)('%s', async (model) => {
  const first = [{ role: 'user', content: 'x' }]
  const reply = { role: 'assistant', content: 'y' }
  const next = [...first, reply, { role: 'user', content: 'z' }]
  const edited = [...first, reply, { role: 'user', content: 'other' }]

  const added = [
    await addedTo(model, first),
    await addedTo(model, next),
    await addedTo(model, edited),
  ]
  counts.set(model, added[0] ?? 0)

  // Once for a conversation, not in every turn.
  expect(new Set(added).size, added.join(', ')).toBe(1)
  if (CARRIER === 'whole') expect(added).toEqual([0, 0, 0])
  if (IS_WRITING) return
  const documented = Number(documentedCharacters().get(model)?.[CARRIER])
  expect(Math.abs((added[0] ?? 0) - documented)).toBeLessThan(CARRIER === 'whole' ? 1 : TOLERANCE)
})

async function addedTo(model: string, messages: object[]): Promise<number> {
  bench.standin.reset()
  const response = await bench.post({ ...asking(''), model, messages })
  expect(response.status, await response.text()).toBe(200)
  return charactersOf(bench.standin.messages[0]?.body.messages) - charactersOf(messages)
}

/** The number of characters in all texts of a conversation. */
function charactersOf(value: unknown): number {
  if (Array.isArray(value)) {
    return value.reduce((sum: number, part: unknown) => sum + charactersOf(part), 0)
  }
  const { content, text } = value as { content?: unknown; text?: string }
  if (typeof content === 'string') return content.length
  return content === undefined ? (text?.length ?? 0) : charactersOf(content)
}
