import { expect, test } from 'vitest'

import { LoadHistory } from './load-history.ts'

const START = Date.parse('2026-03-04T05:06:00Z')

function historyAt(start = START) {
  const clock = { now: start }
  const history = new LoadHistory(() => clock.now)
  const later = (milliseconds: number): void => void (clock.now += milliseconds)
  return { history, later }
}

test('a minute has its highest load and its longest wait', () => {
  const { history, later } = historyAt()
  later(5000)
  history.changed({ inFlight: 3, waiting: 1 })
  later(100)
  history.changed({ inFlight: 2, waiting: 0 })
  history.waited(80.4)
  history.waited(20)
  expect(history.report()).toEqual([
    { at: '2026-03-04T05:06:00.000Z', in_flight: 3, waiting: 1, longest_wait_ms: 80 },
  ])
})

test('a line counts only if it lasts', () => {
  const { history, later } = historyAt()
  // Two turns, one after another: the second waits until its process has settled.
  later(5000)
  for (let turn = 0; turn < 9; turn += 1) {
    history.changed({ inFlight: 1, waiting: 1 })
    later(2)
    history.changed({ inFlight: 1, waiting: 0 })
    later(300)
  }
  expect(history.report().at(-1)).toMatchObject({ in_flight: 1, waiting: 0 })
  // A long line that moves quickly.
  for (let turn = 0; turn < 99; turn += 1) {
    history.changed({ inFlight: 60, waiting: 50 + (turn % 3) })
    later(10)
  }
  expect(history.report().at(-1)).toMatchObject({ in_flight: 60, waiting: 50 })
})

test('a line that lasts is reported before it ends', () => {
  const { history, later } = historyAt()
  later(5000)
  history.changed({ inFlight: 2, waiting: 1 })
  expect(history.report().at(-1)).toMatchObject({ waiting: 0 })
  later(100)
  expect(history.report().at(-1)).toMatchObject({ waiting: 1 })
})

test('a minute without a change has the load of the minute before', () => {
  const { history, later } = historyAt()
  history.changed({ inFlight: 9, waiting: 0 })
  history.changed({ inFlight: 2, waiting: 0 })
  later(120_000)
  expect(history.report().map((minute) => minute.in_flight)).toEqual([9, 2, 2])
})

test('only the last hour is kept', () => {
  const { history, later } = historyAt()
  history.changed({ inFlight: 9, waiting: 0 })
  history.changed({ inFlight: 1, waiting: 0 })
  later(90 * 60_000)
  const report = history.report()
  expect(report).toHaveLength(60)
  expect(report[0]?.at).toBe('2026-03-04T05:37:00.000Z')
  expect(new Set(report.map((minute) => minute.in_flight))).toEqual(new Set([1]))
})

test('after the clock was set back, the history begins again with the present load', () => {
  const { history, later } = historyAt()
  later(120_000)
  history.changed({ inFlight: 5, waiting: 0 })
  later(-3 * 3_600_000)
  expect(history.report()).toEqual([
    { at: '2026-03-04T02:08:00.000Z', in_flight: 5, waiting: 0, longest_wait_ms: 0 },
  ])
})
