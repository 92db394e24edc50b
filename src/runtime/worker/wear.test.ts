import { expect, test } from 'vitest'

import { type Use, wearOf } from './wear.ts'

const USED: Use = { memory: 300_000_000, turns: 100_000, isOutdated: false }

test('a process of normal size is kept, however many turns it served', () => {
  expect(wearOf(USED)).toBeUndefined()
})

test.each<[Partial<Use>, string]>([
  [{ memory: 1_000_000_001 }, 'it grew too large'],
  [{ memory: 0 }, 'it served enough turns'],
  [{ isOutdated: true }, 'the executable was replaced'],
])('a process with %o is replaced', (use, cause) => {
  expect(wearOf({ ...USED, ...use })).toBe(cause)
})
