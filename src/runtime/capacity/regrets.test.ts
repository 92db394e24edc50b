import { expect, test } from 'vitest'

import type { Turn } from '../../plan/turn.ts'
import type { Candidate } from '../lanes.ts'
import { Transcript } from '../worker/transcript.ts'
import { Regrets } from './regrets.ts'

const HOUR = 3_600_000

/** A worker that holds a conversation of two exchanges. */
function holding(lineage: string): Candidate {
  const transcript = new Transcript()
  transcript.begin('origin')
  transcript.add({ role: 'user', lineage: `${lineage} asked` })
  transcript.add({ role: 'assistant', lineage })
  return {
    stage: 'ready',
    isAvailable: true,
    transcript,
    heldCalls: [],
    isForced: false,
    exchanges: 2,
    lastUsed: 0,
    isCounter: false,
    takes: () => true,
  }
}

/** A turn that continues a conversation. */
function after(lineage: string): Turn {
  const said = { role: 'user', content: 'Hi' }
  return { lineages: ['origin', lineage], history: [said] } as unknown as Turn
}

test('a conversation that comes back is a regret, once', () => {
  const regrets = new Regrets()
  expect(regrets.note(after('b'), holding('a'), 0)).toBe(false)
  expect(regrets.note(after('a'), holding('c'), 0)).toBe(true)
  expect(regrets.note(after('a'), holding('d'), 0)).toBe(false)
})

test('a conversation that was unlikely to come back is no regret', () => {
  const regrets = new Regrets()
  regrets.note(after('b'), holding('a'), HOUR)
  expect(regrets.note(after('a'), holding('c'), HOUR)).toBe(false)
})

test('the number of remembered conversations is limited', () => {
  const regrets = new Regrets()
  for (let index = 0; index < 65; index += 1) {
    regrets.note(after('other'), holding(`conversation ${index}`), 0)
  }
  const isRegretted = (index: number) =>
    regrets.note(after(`conversation ${index}`), holding('x'), HOUR)
  expect([0, 1, 64].map(isRegretted)).toEqual([false, true, true])
})
