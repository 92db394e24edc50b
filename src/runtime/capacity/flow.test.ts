import { expect, test } from 'vitest'

import { Flow } from './flow.ts'

/** A line in which a turn took so many milliseconds. */
function after(turnTime: number): Flow {
  const flow = new Flow()
  const worker = {}
  flow.taken(worker, 1000)
  flow.freed(worker, 1000 + turnTime)
  return flow
}

test('before the first turn no times are known, and a line is not quick', () => {
  expect(new Flow().isQuick(1, 8)).toBe(false)
})

test('a line is quick if all of it is served before a start would be done', () => {
  const flow = after(100)
  expect(flow.isQuick(11, 2)).toBe(true)
  expect(flow.isQuick(12, 2)).toBe(false)
})

test('if starts take long, more turns may wait', () => {
  const flow = after(100)
  for (let start = 0; start < 20; start += 1) flow.started(4000)
  expect(flow.isQuick(70, 2)).toBe(true)
})

test('a worker that becomes free without a turn gives no measurement', () => {
  const flow = new Flow()
  flow.freed({}, 1000)
  expect(flow.isQuick(1, 1)).toBe(false)
  expect(flow.freedAt).toBe(-Infinity)
})

test('a turn is timed from when it gets its worker, and the latest ones are averaged', () => {
  const flow = after(100)
  const worker = {}
  flow.taken(worker, 2000)
  flow.taken(worker, 2500)
  flow.freed(worker, 4000)
  expect(flow.freedAt).toBe(4000)
  expect(flow.isQuick(1, 1), '670 ms in the mean').toBe(false)
  expect(flow.isQuick(1, 2)).toBe(true)
})
