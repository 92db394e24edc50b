import { expect, test } from 'vitest'

import { Demand } from './demand.ts'

function demandAt(): { demand: Demand; clock: { now: number } } {
  const clock = { now: 0 }
  return { demand: new Demand(() => clock.now), clock }
}

test('there is none before anything was needed', () => {
  expect(demandAt().demand.size).toBe(0)
})

test('is the number of conversations that began together', () => {
  const { demand, clock } = demandAt()
  for (const now of [0, 500, 1000]) {
    clock.now = now
    demand.note()
  }
  expect(demand.size).toBe(3)
})

test('does not add up what came one after another', () => {
  const { demand, clock } = demandAt()
  for (const now of [0, 2000, 4000, 6000]) {
    clock.now = now
    demand.note()
  }
  expect(demand.size).toBe(1)
})

test('remembers the largest burst for five minutes after it', () => {
  const { demand, clock } = demandAt()
  demand.note()
  demand.note()
  clock.now = 200_000
  demand.note()
  expect(demand.size).toBe(2)
  clock.now = 299_999
  expect(demand.size).toBe(2)
  clock.now = 300_000
  expect(demand.size).toBe(0)
})

test('a burst as large as the largest is remembered anew', () => {
  const { demand, clock } = demandAt()
  demand.note()
  demand.note()
  clock.now = 200_000
  demand.note()
  demand.note()
  clock.now = 400_000
  expect(demand.size).toBe(2)
})
