import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { sharedTests } from '../../test/support/shared-tests.ts'
import { temporaryStore } from '../../test/support/store.ts'
import { turnRecord } from '../../test/support/turn-records.ts'
import { Ledger } from '../observe/ledger.ts'
import { UsageTable } from '../observe/usage-table.ts'
import { SharedBuckets } from './shared-buckets.ts'

const DAY = 24 * 60 * 60 * 1000
const NOON = new Date(2026, 2, 4, 12).getTime()

function onProblem(problem: unknown): never {
  throw problem
}

describe('usage and limits in an embedded database', () => sharedTests(temporaryStore))

test('while the database is away, the tokens of a key are those of this server, without a wait each time', async () => {
  const clock = { now: NOON }
  let reads = 0
  const away = {
    open: () => {
      reads += 1
      return Promise.reject(new Error('away'))
    },
  }
  const problems: unknown[] = []
  const ledger = new Ledger({
    keeper: new UsageTable(away),
    onProblem: (problem) => problems.push(problem),
    now: () => clock.now,
  })
  ledger.add(turnRecord({ key: 'ann' }), 'model-1')
  const { input, output, cacheCreation } = turnRecord().tokens
  for (let second = 0; second < 10; second += 1) {
    expect(await ledger.tokensToday('ann')).toBe(input + output + cacheCreation)
    clock.now += 1000
  }
  expect([reads, problems.length]).toEqual([1, 1])
  await ledger.close()
})

test('while the database is away, a server counts by itself, and logs that once', async () => {
  const problems: unknown[] = []
  const away = { open: () => Promise.reject(new Error('away')) }
  const buckets = new SharedBuckets(away, (problem) => problems.push(problem))
  expect(await buckets.take('ann', 2)).toBe(0)
  expect(await buckets.take('ann', 2)).toBe(0)
  expect(await buckets.take('ann', 2)).toBeGreaterThan(0)
  expect(problems).toHaveLength(1)
})

describe('while the database hangs', () => {
  const hanging = { open: () => new Promise<never>(() => {}) }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('a request with a limit of tokens waits two seconds for it, and the next ones do not', async () => {
    const clock = { now: NOON }
    const ledger = new Ledger({
      keeper: new UsageTable(hanging),
      onProblem,
      now: () => clock.now,
    })
    const together = [1, 2, 3].map(() => ledger.tokensToday('ann'))
    await vi.advanceTimersByTimeAsync(2000)
    expect(await Promise.all(together)).toEqual([0, 0, 0])
    clock.now += 5000
    expect(await ledger.tokensToday('ann')).toBe(0)
  })

  test('a request with a limit of requests waits two seconds for it, and the next ones do not', async () => {
    const problems: unknown[] = []
    const buckets = new SharedBuckets(hanging, (problem) => problems.push(problem))
    const together = [1, 2, 3].map(() => buckets.take('ann', 2))
    await vi.advanceTimersByTimeAsync(2000)
    const [first, second, third] = await Promise.all(together)
    expect([first, second]).toEqual([0, 0])
    expect(third).toBeGreaterThan(0)
    expect(await buckets.take('bob', 2)).toBe(0)
    expect(problems).toHaveLength(1)
  })
})

test('the counts of other servers are read again after the clock was put back', async () => {
  const clock = { now: NOON }
  let reads = 0
  const keeper = {
    isShared: true,
    read: () => {
      reads += 1
      return Promise.resolve({})
    },
    add: () => Promise.resolve({}),
  }
  const ledger = new Ledger({ keeper, onProblem, now: () => clock.now })
  await ledger.tokensToday('ann')
  clock.now -= DAY
  await ledger.tokensToday('ann')
  expect(reads).toBe(2)
})
