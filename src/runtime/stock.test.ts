import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import type { Launcher } from './launcher.ts'
import type { Session } from './session.ts'
import { type Beginning, Stock } from './stock.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A stock whose processes are numbers: what it does is seen, nothing is started. */
function openStock({ spares = 1, maxProcesses = 8, taken = 0 } = {}) {
  const machine = { taken, spares: 0, pause: 0, isUrgent: false }
  const opened: { session: Session; origin: string; isClosed: boolean }[] = []
  const sessions = (): number => opened.filter(({ isClosed }) => !isClosed).length
  const launcher = {
    get spareCount() {
      return machine.spares
    },
    get pause() {
      return machine.pause
    },
    startSpare: () => (machine.spares += 1),
    trim: (count: number) => (machine.spares = Math.max(0, Math.min(machine.spares, count))),
  } as unknown as Launcher
  const stock = new Stock({
    launcher,
    spares,
    firstInput: '',
    maxProcesses,
    taken: () => machine.taken,
    running: () => machine.taken + machine.spares + sessions(),
    isUrgent: () => machine.isUrgent,
    start: ({ origin }) => {
      machine.spares -= 1
      const entry = { origin, isClosed: false } as (typeof opened)[number]
      entry.session = {
        openAhead: () => Promise.resolve(),
        close: () => (entry.isClosed = true),
      } as unknown as Session
      opened.push(entry)
      return entry.session
    },
  })
  const ready = (): string[] =>
    opened.filter(({ isClosed }) => !isClosed).map(({ origin }) => origin)
  return { stock, machine, ready, opened }
}

function turn(origin: string): Beginning {
  return { origin, settings: {}, model: 'made-up' } as Beginning
}

function untilQuiet(): void {
  vi.advanceTimersByTime(10_000)
}

describe('spares', () => {
  test('there is one from the beginning', () => {
    const { stock, machine } = openStock()
    stock.begin()
    expect(machine.spares).toBe(1)
    untilQuiet()
    expect(machine.spares).toBe(1)
  })

  test('there are none where none are wanted', () => {
    const { stock, machine } = openStock({ spares: 0 })
    stock.begin()
    untilQuiet()
    expect(machine.spares).toBe(0)
    expect(stock.wanted).toBe(0)
  })

  test('one that was taken is replaced once there is time', async () => {
    const { stock, machine } = openStock()
    stock.begin()
    await stock.take(turn('a'))
    machine.spares = 0
    machine.isUrgent = true
    stock.refill()
    vi.advanceTimersByTime(500)
    expect(machine.spares).toBe(0)
    machine.isUrgent = false
    untilQuiet()
    expect(machine.spares).toBe(1)
  })

  test('there are as many as the last burst needed, up to half of all processes', async () => {
    const { stock, machine } = openStock()
    for (let count = 0; count < 8; count += 1) await stock.take(turn(String(count)))
    stock.refill()
    untilQuiet()
    expect(machine.spares).toBe(3)
  })

  test('are not started while the last ones died', () => {
    const { stock, machine } = openStock()
    machine.pause = 5000
    stock.begin()
    vi.advanceTimersByTime(4000)
    expect(machine.spares).toBe(0)
    machine.pause = 0
    untilQuiet()
    expect(machine.spares).toBe(1)
  })

  test('make room for sessions', () => {
    const { stock, machine } = openStock({ maxProcesses: 2 })
    stock.begin()
    machine.taken = 2
    stock.refill()
    expect(machine.spares).toBe(0)
    untilQuiet()
    expect(machine.spares).toBe(0)
  })
})

describe('the session ahead', () => {
  test('is told what the last conversation began with, and is taken by the next such one', async () => {
    const { stock, machine, ready, opened } = openStock()
    stock.begin()
    expect(await stock.take(turn('a'))).toBeUndefined()
    stock.refill()
    untilQuiet()
    expect(ready()).toEqual(['a'])
    expect(machine.spares).toBe(1)
    expect(await stock.take(turn('b'))).toBeUndefined()
    expect(await stock.take(turn('a'))).toBe(opened[0]?.session)
    expect(await stock.take(turn('a'))).toBeUndefined()
  })

  test('stays while nothing else is likelier', async () => {
    const { stock, ready } = openStock()
    stock.begin()
    for (const origin of ['a', 'b', 'c']) {
      await stock.take(turn(origin))
      stock.refill()
      untilQuiet()
    }
    expect(ready()).toEqual(['a'])
    await stock.take(turn('c'))
    stock.refill()
    untilQuiet()
    expect(ready()).toEqual(['c'])
  })

  test('is replaced when it ends', async () => {
    const { stock, ready, opened } = openStock()
    stock.begin()
    await stock.take(turn('a'))
    stock.refill()
    untilQuiet()
    const [first] = opened
    if (first === undefined) throw new Error('None was opened.')
    first.isClosed = true
    expect(stock.release(first.session)).toBe(true)
    expect(stock.release(first.session)).toBe(false)
    untilQuiet()
    expect(ready()).toEqual(['a'])
    expect(opened).toHaveLength(2)
  })

  test('makes room for sessions, after the spares', async () => {
    const { stock, machine, ready } = openStock({ maxProcesses: 3 })
    stock.begin()
    await stock.take(turn('a'))
    stock.refill()
    untilQuiet()
    expect([machine.spares, ready()]).toEqual([1, ['a']])
    machine.taken = 2
    stock.refill()
    expect([machine.spares, ready()]).toEqual([0, ['a']])
    machine.taken = 3
    stock.refill()
    expect(ready()).toEqual([])
  })

  test('is a new one after a change of the login', async () => {
    const { stock, machine, ready, opened } = openStock()
    stock.begin()
    await stock.take(turn('a'))
    stock.refill()
    untilQuiet()
    stock.renew()
    expect([machine.spares, ready()]).toEqual([0, []])
    untilQuiet()
    expect([machine.spares, ready()]).toEqual([1, ['a']])
    expect(opened).toHaveLength(2)
  })
})

test('after its end nothing is started', async () => {
  const { stock, machine, ready } = openStock()
  stock.begin()
  await stock.take(turn('a'))
  stock.refill()
  stock.close()
  untilQuiet()
  stock.refill()
  untilQuiet()
  expect([machine.spares, ready()]).toEqual([1, []])
})
