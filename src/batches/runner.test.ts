import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { REPLY, source } from '../../test/support/source.ts'
import type { BatchRecords } from './batch-records.ts'
import type { Batch, ClaimedRequest } from './batch.ts'
import type { RequestQueue } from './request-queue.ts'
import { BatchRunner } from './runner.ts'

/*
 * The runner over a store that fails, by a clock that the test moves.
 */

const BATCH: Batch = {
  id: 'msgbatch_1',
  owner: '',
  endpoint: '/v1/messages',
  betas: [],
  headers: '',
  status: 'in_progress',
  isPaused: false,
  createdAt: 0,
  expiresAt: Infinity,
  cancelInitiatedAt: null,
  endedAt: null,
  inputFileId: null,
  metadata: null,
  outputLifetime: null,
  faults: null,
  model: null,
  outputSizes: { output: null, errors: null },
  tokens: { input: 0, cached: 0, output: 0, reasoning: 0 },
  counts: { processing: 2, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
}

const params = JSON.stringify({
  model: 'made-up',
  max_tokens: 1,
  messages: [{ role: 'user', content: 'Hello' }],
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const none = () => Promise.resolve()

/** A runner with requests to ask, and a store that takes no result until it is repaired. */
function runnerOverBrokenStore(count: number) {
  let isBroken = true
  const waiting = Array.from({ length: count }, (_, position): ClaimedRequest => ({
    batchId: BATCH.id,
    position,
    customId: `id-${position}`,
    params,
    attempts: 1,
    failures: 0,
  }))
  const finish = vi.fn<RequestQueue['finish']>(() =>
    isBroken ? Promise.reject(new Error('made up')) : Promise.resolve(),
  )
  const queue = {
    claim: () => Promise.resolve(waiting.shift()),
    finish,
    putBack: none,
    renewLeases: none,
    takeOver: none,
  } as unknown as RequestQueue
  const records = {
    unfinished: () => Promise.resolve([BATCH]),
    sweep: none,
    forgetOld: none,
  } as unknown as BatchRecords
  const runner = new BatchRunner({
    records,
    queue,
    ask: () => Promise.resolve(source(REPLY).events),
    admit: () => Promise.resolve(undefined),
    modelOf: () => 'made-up',
    hasRoom: () => true,
    rateLimits: () => undefined,
    modelDefault: 'made-up',
    concurrency: count,
    windowShare: 1,
    firstEventTimeout: 1000,
    lease: 10_000,
    retention: 1000,
    onError: () => {},
    onChange: () => {},
  })
  return { runner, finish, repair: () => (isBroken = false) }
}

test('a stop does not wait for the next attempt of a failing store', async () => {
  const { runner, finish } = runnerOverBrokenStore(1)
  runner.start()
  await vi.advanceTimersByTimeAsync(60_000)
  const before = finish.mock.calls.length
  expect(before).toBeGreaterThan(3)
  // The clock stands still from here.
  await runner.stop()
  expect(finish.mock.calls.length).toBe(before + 1)
})

test('all results are written soon after the store works again', async () => {
  const { runner, finish, repair } = runnerOverBrokenStore(4)
  runner.start()
  await vi.advanceTimersByTimeAsync(65_000)
  repair()
  const before = finish.mock.calls.length
  await vi.advanceTimersByTimeAsync(5000)
  expect(finish.mock.calls.length).toBe(before + 4)
  await runner.stop()
})
