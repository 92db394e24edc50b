import { describe, expect, test } from 'vitest'

import { type KeyLimits, namedKey } from '../config/keys/client-key.ts'
import { KeyGuard, mayUse, ownersKey, type RequestKind } from './key-guard.ts'
import { LocalBuckets } from './request-buckets.ts'

const NOON = new Date(2026, 2, 4, 12).getTime()

function keyOf(name: string, limits: KeyLimits) {
  const key = namedKey(name, `made-up-${name}`, limits)
  if (key === undefined) throw new Error('This is a key.')
  return key
}

function open() {
  const clock = { now: NOON }
  const used: Record<string, number> = {}
  const guard = new KeyGuard({
    buckets: new LocalBuckets(() => clock.now),
    tokensToday: (name) => Promise.resolve(used[name] ?? 0),
    now: () => clock.now,
  })
  const admit = (
    name: string,
    limits: KeyLimits,
    { model = 'claude-a', kind = 'turn' }: { model?: string; kind?: RequestKind } = {},
  ) =>
    guard.admit(keyOf(name, limits), model, kind).then(
      () => 'let in',
      (error: unknown) => error,
    )
  return { clock, used, guard, admit }
}

test('without keys and without limits every request is allowed', async () => {
  const { guard, admit } = open()
  await guard.admit(undefined, 'claude-a', 'turn')
  expect(await admit('ann', {})).toBe('let in')
})

describe('requests per minute', () => {
  const limits = { requestsPerMinute: 3 }

  test("are allowed a minute's worth at once, and then evenly", async () => {
    const { clock, admit } = open()
    for (const _ of [1, 2, 3]) expect(await admit('ann', limits)).toBe('let in')
    expect(await admit('ann', limits)).toMatchObject({
      type: 'rate_limit_error',
      status: 429,
      retryAfter: 20,
      message: "This request would exceed the limit of the key 'ann': 3 requests per minute.",
    })
    clock.now += 19_000
    expect(await admit('ann', limits)).toMatchObject({ retryAfter: 1 })
    clock.now += 1000
    expect(await admit('ann', limits)).toBe('let in')
    expect(await admit('ann', limits)).toMatchObject({ retryAfter: 20 })
    clock.now += 60_000
    for (const _ of [1, 2, 3]) expect(await admit('ann', limits)).toBe('let in')
    expect(await admit('ann', limits)).toMatchObject({ status: 429 })
  })

  test('are counted for each key', async () => {
    const { admit } = open()
    for (const _ of [1, 2, 3, 4]) await admit('ann', limits)
    expect(await admit('ann', limits)).toMatchObject({ status: 429 })
    expect(await admit('bob', limits)).toBe('let in')
  })

  test('do not count the requests of batches', async () => {
    const { admit } = open()
    for (const _ of [1, 2, 3, 4])
      expect(await admit('ann', limits, { kind: 'batch' })).toBe('let in')
    expect(await admit('ann', limits)).toBe('let in')
  })

  test('do not count token counts, which have the same limit of their own', async () => {
    const { admit } = open()
    for (const _ of [1, 2, 3]) expect(await admit('ann', limits, { kind: 'count' })).toBe('let in')
    expect(await admit('ann', limits, { kind: 'count' })).toMatchObject({
      status: 429,
      retryAfter: 20,
      message:
        "This request would exceed the limit of the key 'ann': 3 counts of tokens per minute.",
    })
    for (const _ of [1, 2, 3]) expect(await admit('ann', limits)).toBe('let in')
    expect(await admit('ann', limits)).toMatchObject({ status: 429 })
  })

  test('may be many', async () => {
    const { admit } = open()
    const many = { requestsPerMinute: 700 }
    for (let count = 0; count < 700; count += 1) expect(await admit('ann', many)).toBe('let in')
    expect(await admit('ann', many)).toMatchObject({ retryAfter: 1 })
  })
})

describe('tokens per day', () => {
  test('refuse requests once they are used up, until midnight, batches too', async () => {
    const { clock, used, admit } = open()
    const limits = { tokensPerDay: 1000 }
    used['ann'] = 999
    expect(await admit('ann', limits)).toBe('let in')
    used['ann'] = 1000
    const refusal = { status: 429, retryAfter: 12 * 3600 }
    expect(await admit('ann', limits)).toMatchObject(refusal)
    expect(await admit('ann', limits, { kind: 'batch' })).toMatchObject(refusal)
    expect(await admit('bob', limits)).toBe('let in')
    // A count uses none.
    expect(await admit('ann', limits, { kind: 'count' })).toBe('let in')
    clock.now += 11.5 * 3600 * 1000
    expect(await admit('ann', limits)).toMatchObject({ retryAfter: 1800 })
  })

  test('use up no request of the minute when they refuse', async () => {
    const { used, admit } = open()
    const limits = { tokensPerDay: 1, requestsPerMinute: 1 }
    used['ann'] = 1
    expect(await admit('ann', limits)).toMatchObject({ retryAfter: 12 * 3600 })
    used['ann'] = 0
    expect(await admit('ann', limits)).toBe('let in')
  })
})

test('a model that the key does not allow is refused', async () => {
  const { admit } = open()
  const limits = { models: ['claude-sonnet-*', 'claude-haiku-4-5'] }
  expect(await admit('ann', limits, { model: 'claude-sonnet-4-6' })).toBe('let in')
  expect(await admit('ann', limits, { model: 'claude-haiku-4-5' })).toBe('let in')
  expect(await admit('ann', limits, { model: 'claude-opus-4-6' })).toMatchObject({
    type: 'permission_error',
    status: 403,
    message:
      "The key 'ann' may not use the model claude-opus-4-6. It may use: claude-sonnet-*, claude-haiku-4-5.",
  })
  const counted = await admit('ann', limits, { model: 'claude-opus-4-6', kind: 'count' })
  expect(counted).toMatchObject({ status: 403 })
  expect(mayUse(keyOf('ann', limits), 'claude-haiku-4-5-20251001')).toBe(false)
})

test('the limits of a batch are found by its owner, also after the key was replaced', () => {
  const [ann, bob] = [keyOf('ann', {}), keyOf('bob', {})]
  expect(ownersKey('name:bob', [ann, bob])).toBe(bob)
  expect(() => ownersKey('name:bob', [ann])).toThrow('no longer exists')
  // A batch from before there were keys continues.
  expect(ownersKey('', [ann])).toBeUndefined()
})
