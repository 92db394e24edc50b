import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { turnRecord } from '../../test/support/turn-records.ts'
import { Deferred } from '../deferred.ts'
import { Ledger } from './ledger.ts'
import { addDays, type Days, UsageFile } from './usage-file.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const DAY = 24 * 60 * 60 * 1000
const NOON = new Date(2026, 2, 4, 12).getTime()

async function open({ now = NOON, inside = folder } = {}) {
  const onProblem = vi.fn<(error: unknown) => void>()
  const clock = { now }
  const ledger = new Ledger({ keeper: new UsageFile(inside), onProblem, now: () => clock.now })
  await ledger.load()
  return { ledger, onProblem, clock }
}

function fileText(): string {
  return readFileSync(join(folder, 'usage.json'), 'utf8')
}

describe('a ledger counts', () => {
  test('requests, errors and tokens, by model and lane', async () => {
    const { ledger } = await open()
    ledger.add(turnRecord(), 'claude-sonnet-4-6')
    ledger.add(turnRecord({ lane: 'continue', key: 'ann' }), 'claude-opus-5-5')
    ledger.add(turnRecord({ outcome: 'error', status: 529, lane: 'none' }), 'claude-opus-5-5')
    ledger.add(turnRecord({ outcome: 'client left', status: 499 }), 'claude-opus-5-5')
    expect(ledger.report().since_start).toMatchObject({
      requests: 4,
      errors: 1,
      input_tokens: 84,
      output_tokens: 220,
      cache_read_input_tokens: 136,
      cache_creation_input_tokens: 48,
      by_model: { 'claude-sonnet-4-6': { requests: 1 }, 'claude-opus-5-5': { requests: 3 } },
      by_lane: { open: { requests: 2 }, continue: { requests: 1 }, none: { errors: 1 } },
      by_key: { ann: { requests: 1 } },
      by_key_and_model: { 'ann claude-opus-5-5': { requests: 1, output_tokens: 55 } },
    })
    await ledger.close()
  })

  test('under names that every object has', async () => {
    const { ledger } = await open()
    for (const name of ['constructor', 'toString']) ledger.add(turnRecord(), name)
    const { by_model: byModel } = ledger.report().since_start
    expect(Object.entries(byModel).map(([name, { requests }]) => [name, requests])).toEqual([
      ['constructor', 1],
      ['toString', 1],
    ])
    await ledger.close()
  })

  test('by day', async () => {
    const { ledger, clock } = await open()
    ledger.add(turnRecord(), 'm')
    clock.now += DAY
    ledger.add(turnRecord(), 'm')
    ledger.add(turnRecord(), 'm')
    expect(ledger.report().days).toMatchObject([
      { date: '2026-03-04', requests: 1 },
      { date: '2026-03-05', requests: 2 },
    ])
    expect(ledger.today().requests).toBe(2)
    await ledger.close()
  })
})

describe('the file', () => {
  test('keeps the days over a restart, and nothing is counted twice', async () => {
    const first = await open()
    first.ledger.add(turnRecord(), 'm')
    await first.ledger.close()
    await first.ledger.close()
    const second = await open()
    second.ledger.add(turnRecord(), 'm')
    expect(second.ledger.report()).toMatchObject({
      since_start: { requests: 1 },
      days: [{ date: '2026-03-04', requests: 2 }],
    })
    await second.ledger.close()
    expect((await open()).ledger.today().requests).toBe(2)
  })

  test('is shared by servers, and none loses the counts of another', async () => {
    const [one, other] = [await open(), await open()]
    one.ledger.add(turnRecord(), 'm')
    other.ledger.add(turnRecord(), 'm')
    other.ledger.add(turnRecord(), 'm')
    await one.ledger.close()
    await other.ledger.close()
    expect((await open()).ledger.today().requests).toBe(3)
  })

  test('is shared by servers that save at the same moment, again and again', async () => {
    const servers = await Promise.all([open(), open(), open(), open()])
    for (let round = 0; round < 10; round += 1) {
      for (const { ledger } of servers) ledger.add(turnRecord(), 'm')
      await Promise.all(servers.map(({ ledger }) => ledger.close()))
    }
    expect((await open()).ledger.today().requests).toBe(40)
    expect(readdirSync(folder)).toEqual(['usage.json'])
  })

  test('that is slow gets one save at a time, and no turn is lost or counted twice', async () => {
    vi.useFakeTimers()
    try {
      const saves: Deferred<void>[] = []
      let kept: Days = {}
      let atOnce = 0
      const file = {
        read: () => Promise.resolve(kept),
        add: async (days: Days) => {
          expect((atOnce += 1)).toBe(1)
          const before = kept
          const slow = new Deferred<void>()
          saves.push(slow)
          await slow.promise
          atOnce -= 1
          return (kept = addDays(before, days))
        },
      }
      const ledger = new Ledger({
        keeper: { isShared: false, ...file },
        onProblem: () => {},
        now: () => NOON,
      })
      for (let turn = 0; turn < 4; turn += 1) {
        ledger.add(turnRecord(), 'm')
        await vi.advanceTimersByTimeAsync(6000)
        expect(ledger.today().requests).toBe(turn + 1)
      }
      expect(saves).toHaveLength(1)
      const closed = ledger.close()
      saves[0]?.resolve()
      await vi.advanceTimersByTimeAsync(0)
      saves[1]?.resolve()
      await closed
      expect(saves).toHaveLength(2)
      expect(Object.values(kept)).toMatchObject([{ requests: 4 }])
      expect(ledger.today().requests).toBe(4)
    } finally {
      vi.useRealTimers()
    }
  })

  test("is its user's alone, and contains only numbers", async () => {
    const { ledger } = await open({ inside: join(folder, 'made') })
    ledger.add(turnRecord({ reason: 'a secret', errorType: 'api_error', id: 'req_1' }), 'm')
    await ledger.close()
    const path = join(folder, 'made', 'usage.json')
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readFileSync(path, 'utf8')).not.toMatch(/secret|req_1/)
    expect(readdirSync(join(folder, 'made'))).toEqual(['usage.json'])
  })

  test('has the last 92 days', async () => {
    const { ledger, clock } = await open()
    for (let day = 0; day < 100; day += 1) {
      ledger.add(turnRecord(), 'm')
      clock.now += DAY
    }
    await ledger.close()
    const { days } = JSON.parse(fileText()) as { days: Record<string, unknown> }
    expect(Object.keys(days)).toHaveLength(92)
    expect(Object.keys(days).at(-1)).toBe('2026-06-11')
  })

  test('is not created without a request', async () => {
    const { ledger } = await open()
    await ledger.close()
    expect(readdirSync(folder)).toEqual([])
  })

  test.each(['', 'no JSON', '{"version":2}', '{"version":1,"days":{"today":{}}}'])(
    'is renamed if it is broken: %j',
    async (text) => {
      writeFileSync(join(folder, 'usage.json'), text)
      const { ledger, onProblem } = await open()
      ledger.add(turnRecord(), 'm')
      await ledger.close()
      expect(onProblem).toHaveBeenCalledTimes(1)
      expect((await open()).ledger.today().requests).toBe(1)
      expect(readFileSync(join(folder, 'usage.json.broken'), 'utf8')).toBe(text)
    },
  )

  test('that can not be written is reported once, and counting continues', async () => {
    writeFileSync(join(folder, 'file'), '')
    const { ledger, onProblem } = await open({ inside: join(folder, 'file') })
    ledger.add(turnRecord(), 'm')
    await ledger.close()
    ledger.add(turnRecord(), 'm')
    await ledger.close()
    expect(onProblem).toHaveBeenCalledTimes(1)
    expect(ledger.today().requests).toBe(2)
  })
})

test("the plan's windows are known until they reset or the login changes", async () => {
  const { ledger, clock } = await open()
  const resetsAt = NOON / 1000 + 60
  const windows = { five_hour: { utilization: 0.5, resetsAt } }
  ledger.noteLimits({ status: 'allowed', resetsAt, windows, overage: { isInUse: false } })
  expect(ledger.limits?.windows).toEqual(windows)
  ledger.noteLimits({ status: 'rejected', resetsAt, windows: {}, overage: { isInUse: false } })
  expect(ledger.limits).toMatchObject({ status: 'rejected', windows })
  clock.now += 61_000
  expect(ledger.limits).toBeUndefined()
  clock.now = NOON
  ledger.forgetLimits()
  expect(ledger.limits).toBeUndefined()
})
