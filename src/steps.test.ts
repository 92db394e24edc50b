import { expect, test } from 'vitest'

import { atOnce, inSteps, pacer, type Steps } from './steps.ts'

function* work(steps: number, step: () => void): Steps<string> {
  for (let done = 0; done < steps; done += 1) {
    step()
    yield
  }
  return 'done'
}

function paused(): never {
  throw new Error('It paused.')
}

test('other work continues after every ten milliseconds of work', async () => {
  let now = 0
  let pauses = 0
  const pause = () => {
    pauses += 1
    // The time of other work does not count.
    now += 1000
    return Promise.resolve()
  }
  const step = () => (now += 4)
  expect(await inSteps(work(9, step), pause, () => now)).toBe('done')
  expect(pauses).toBe(3)
})

test('short work is done without a pause', async () => {
  expect(
    await inSteps(
      work(1000, () => {}),
      paused,
      () => 0,
    ),
  ).toBe('done')
  expect(atOnce(work(3, () => {}))).toBe('done')
})

test('a loop pauses after every ten milliseconds of work, however many rounds that is', async () => {
  let now = 0
  const pauses: number[] = []
  let round = 0
  const pause = pacer(
    () => {
      pauses.push(round)
      now += 1000
      return Promise.resolve()
    },
    () => now,
  )
  for (round = 1; round <= 9; round += 1) {
    now += 4
    await pause()
  }
  expect(pauses).toEqual([3, 6, 9])
})
