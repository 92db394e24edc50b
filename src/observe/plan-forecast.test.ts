import { expect, test } from 'vitest'

import { fullAt } from './plan-forecast.ts'

const HOUR = 3600
const RESET = 100 * HOUR

/** The time this many hours after the beginning of a five-hour window. */
function after(hours: number): number {
  return RESET - 5 * HOUR + hours * HOUR
}

test.each([
  ['half in an hour', 0.5, 1, after(2)],
  ['nine tenths in three hours', 0.9, 3, after(3 + 1 / 3)],
  ['all of it', 1, 2, after(2)],
  ['so little used that the reset comes first', 0.3, 2, undefined],
  ['exactly the share of the time that is over', 0.4, 2, undefined],
  ['nothing', 0, 2, undefined],
  ['too little time for a forecast', 0.01, 0.05, undefined],
])('a five-hour window is forecast, with %s', (_, used, hours, full) => {
  const told = fullAt('five_hour', used, RESET, after(hours))
  if (full === undefined) expect(told).toBeUndefined()
  else expect(told).toBeCloseTo(full, 3)
})

test('a seven-day window is forecast with its own length', () => {
  const start = RESET - 7 * 24 * HOUR
  expect(fullAt('seven_day_opus', 0.5, RESET, start + 24 * HOUR)).toBeCloseTo(start + 48 * HOUR, 3)
})

test('there is no forecast for a window without an end, a past window or an unknown window', () => {
  expect(fullAt('five_hour', 0.5, undefined, 0)).toBeUndefined()
  expect(fullAt('five_hour', 0.5, RESET, RESET + 1)).toBeUndefined()
  expect(fullAt('a_month', 0.5, RESET, after(1))).toBeUndefined()
})
