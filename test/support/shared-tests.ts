import { afterEach, beforeEach, expect, test } from 'vitest'

import { SharedBuckets } from '../../src/limits/shared-buckets.ts'
import { Ledger } from '../../src/observe/ledger.ts'
import { UsageTable } from '../../src/observe/usage-table.ts'
import type { KeptStore } from './store.ts'
import { turnRecord } from './turn-records.ts'

const DAY = 24 * 60 * 60 * 1000
const NOON = new Date(2026, 2, 4, 12).getTime()

function onProblem(problem: unknown): never {
  throw problem
}

/**
 * Tests of shared usage and limits, for every engine of the store.
 *
 * @param open returns an empty store
 */
export function sharedTests(open: () => Promise<KeptStore>): void {
  let kept: KeptStore

  beforeEach(async () => {
    kept = await open()
  })

  afterEach(() => kept.remove())

  const lazy = () => ({ open: () => Promise.resolve(kept.store) })

  function ledger(clock: { now: number }): Ledger {
    return new Ledger({ keeper: new UsageTable(lazy()), onProblem, now: () => clock.now })
  }

  const tokens = { input: 100, output: 20, cacheRead: 5000, cacheCreation: 3 }

  test('simultaneous counts of servers are added up, by day, model, lane and key', async () => {
    const clock = { now: NOON }
    const servers = [1, 2, 3].map(() => ledger(clock))
    for (let round = 0; round < 5; round += 1) {
      for (const server of servers) server.add(turnRecord({ key: 'ann', tokens }), 'model-1')
      servers[0]?.add(turnRecord({ key: 'bob', tokens, outcome: 'error' }), 'constructor')
      await Promise.all(servers.map((server) => server.close()))
    }
    clock.now += DAY
    servers[1]?.add(turnRecord({ tokens }), 'model-1')
    await servers[1]?.close()
    const { days } = { days: await new UsageTable(lazy()).read() }
    expect(Object.keys(days)).toEqual(['2026-03-04', '2026-03-05'])
    expect(days['2026-03-04']).toMatchObject({
      requests: 20,
      errors: 5,
      input_tokens: 2000,
      by_model: { 'model-1': { requests: 15 }, constructor: { requests: 5, errors: 5 } },
      by_key: { ann: { requests: 15, cache_read_input_tokens: 75_000 }, bob: { requests: 5 } },
      by_key_and_model: { 'ann model-1': { requests: 15 }, 'bob constructor': { errors: 5 } },
    })
    expect(days['2026-03-05']?.by_key).toEqual({})
  })

  test('the tokens of a key include those of all servers, without those from the cache', async () => {
    const clock = { now: NOON }
    const [one, two] = [ledger(clock), ledger(clock)]
    one.add(turnRecord({ key: 'ann', tokens }), 'model-1')
    await one.close()
    two.add(turnRecord({ key: 'ann', tokens }), 'model-1')
    // Its own tokens, which are not written yet, and those of the other.
    expect(await two.tokensToday('ann')).toBe(246)
    expect(await two.tokensToday('bob')).toBe(0)
    await two.close()
    clock.now += 2000
    expect(await one.tokensToday('ann')).toBe(246)
    clock.now += DAY
    expect(await one.tokensToday('ann')).toBe(0)
  })

  test('all servers together allow no more requests of a key than its limit per minute', async () => {
    const servers = [1, 2, 3].map(() => new SharedBuckets(lazy(), () => {}))
    const waits = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (servers[index % 3] as SharedBuckets).take('ann', 10),
      ),
    )
    expect(waits.filter((wait) => wait === 0)).toHaveLength(10)
    for (const wait of waits.filter((each) => each !== 0)) {
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(6000)
    }
    expect(await servers[0]?.take('bob', 10)).toBe(0)
  })
}
