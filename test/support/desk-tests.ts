import { hostname } from 'node:os'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { REPLY, source } from './source.ts'
import { until } from './until.ts'
import type { KeptStore } from './store.ts'
import type { MessagesRequest } from '../../src/api/types.ts'
import { Deferred } from '../../src/deferred.ts'
import { ApiError } from '../../src/errors.ts'
import type { Reply } from '../../src/stream/reply.ts'
import type { Batch, ResultLine } from '../../src/batches/batch.ts'
import { RequestQueue } from '../../src/batches/request-queue.ts'
import { BatchDesk, type DeskOptions } from '../../src/batches/desk.ts'

type Asked = (request: MessagesRequest) => Promise<Reply>

const hello: Asked = () => Promise.resolve(source(REPLY).events)

const CALLER = { owner: '', betas: [] }

function asking(text: string): object {
  return { model: 'made-up', max_tokens: 10, messages: [{ role: 'user', content: text }] }
}

async function* body(requests: object[]): AsyncIterableIterator<Uint8Array> {
  yield new TextEncoder().encode(JSON.stringify({ requests }))
}

function ended(desk: BatchDesk, { owner, id }: Batch): Promise<Batch> {
  return until(async () => {
    const batch = await desk.records.get(owner, id)
    const { processing, succeeded, errored, canceled, expired } = batch.counts
    const total = processing + succeeded + errored + canceled + expired
    expect(total).toBeGreaterThan(0)
    return batch.status === 'ended' ? batch : undefined
  })
}

async function resultsOf(desk: BatchDesk, { id }: Batch): Promise<ResultLine[]> {
  return desk.records.results(id, -1, 100_000)
}

function textOf({ messages }: MessagesRequest): string {
  return messages[0]?.content as string
}

function create(desk: BatchDesk, texts: string[], caller = CALLER): Promise<Batch> {
  return desk.create(
    body(texts.map((text, index) => ({ custom_id: `id-${index}`, params: asking(text) }))),
    caller,
  )
}

/** The time since the epoch, also while `Date.now` is replaced. */
function performanceNow(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}

/**
 * Tests of batches, for every engine of the store.
 *
 * @param open returns an empty store
 * @param knowsTheGone whether the store knows at once that a worker of this machine is gone
 */
export function deskTests(open: () => Promise<KeptStore>, knowsTheGone: boolean): void {
  let kept: KeptStore
  const desks: BatchDesk[] = []

  beforeEach(async () => {
    kept = await open()
  })

  afterEach(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    for (const desk of desks.splice(0)) {
      desk.runner.abort()
      await desk.runner.stop()
    }
    await kept.remove()
  })

  function openDesk(options: Partial<DeskOptions> = {}): BatchDesk {
    const desk = new BatchDesk(kept.store, {
      ask: hello,
      admit: () => Promise.resolve(undefined),
      hasRoom: () => true,
      rateLimits: () => undefined,
      modelDefault: 'made-up',
      modelOf: (name) => name ?? 'made-up',
      concurrency: 4,
      windowShare: 0.7,
      firstEventTimeout: 60_000,
      lease: 30_000,
      expiry: 60_000,
      retention: 60_000,
      maxBodySize: 100_000,
      onError: () => {},
      onChange: () => {},
      ...options,
    })
    desks.push(desk)
    return desk
  }

  test('each request of a batch is made once, and gets its result', async () => {
    const ask = vi.fn<Asked>(hello)
    const desk = openDesk({ ask })
    const batch = await create(desk, ['a', 'b', 'c'])
    expect(batch.status).toBe('in_progress')
    expect(await ended(desk, batch)).toMatchObject({
      counts: { processing: 0, succeeded: 3, errored: 0, canceled: 0, expired: 0 },
    })
    expect(ask.mock.calls.map(([request]) => textOf(request)).toSorted()).toEqual(['a', 'b', 'c'])
    expect(await resultsOf(desk, batch)).toMatchObject(
      [0, 1, 2].map((index) => ({
        customId: `id-${index}`,
        attempts: 1,
        result: {
          type: 'succeeded',
          message: { content: [{ text: 'Hi' }], stop_reason: 'end_turn' },
        },
      })),
    )
  })

  test("the batch's headers for the API are sent with each of its requests", async () => {
    const ask = vi.fn<DeskOptions['ask']>(hello)
    const desk = openDesk({ ask })
    const headers = 'anthropic-workspace-id: wrkspc_1\nanthropic-user-profile-id: uprof_1'
    for (const caller of [{ ...CALLER, headers }, CALLER]) {
      await ended(desk, await create(desk, ['a'], caller))
    }
    expect(ask.mock.calls.map(([, about]) => about.headers)).toEqual([headers, ''])
  })

  test('the end of the last batch is reported too', async () => {
    const gate = new Deferred<void>()
    const shown: number[] = []
    const desk: BatchDesk = openDesk({
      ask: () => Promise.resolve(source([() => gate.promise, ...REPLY]).events),
      onChange: () => void shown.push(desk.runner.progress().length),
    })
    await create(desk, ['a'])
    await until(() => shown.at(-1) === 1)
    gate.resolve()
    await until(() => shown.at(-1) === 0)
  })

  test('the number of simultaneous requests is limited', async () => {
    const gates: Deferred<void>[] = []
    const ask: Asked = () => {
      const gate = new Deferred<void>()
      gates.push(gate)
      return Promise.resolve(source([() => gate.promise, ...REPLY]).events)
    }
    const desk = openDesk({ ask, concurrency: 2 })
    const batch = await create(desk, ['a', 'b', 'c'])
    await until(() => gates.length === 2)
    expect(desk.runner.progress()).toMatchObject([{ in_flight: 2, waits_for: null }])
    gates[0]?.resolve()
    await until(() => gates.length === 3)
    for (const gate of gates) gate.resolve()
    await ended(desk, batch)
  })

  describe('the error of a single request', () => {
    test('becomes its result, and the other requests are made', async () => {
      const ask = vi.fn<Asked>(hello)
      const desk = openDesk({ ask })
      const batch = await desk.create(
        body([
          { custom_id: 'good', params: asking('good') },
          { custom_id: 'none', params: {} },
          { custom_id: 'streamed', params: { ...asking('x'), stream: true } },
        ]),
        CALLER,
      )
      expect(batch.counts).toMatchObject({ errored: 2 })
      await ended(desk, batch)
      expect(ask).toHaveBeenCalledTimes(1)
      expect(await resultsOf(desk, batch)).toMatchObject([
        { customId: 'good', result: { type: 'succeeded' } },
        {
          customId: 'none',
          attempts: 0,
          result: {
            type: 'errored',
            error: { type: 'error', error: { type: 'invalid_request_error' } },
          },
        },
        {
          customId: 'streamed',
          result: { error: { error: { message: expect.stringMatching(/^stream/) as string } } },
        },
      ])
    })

    test.each([
      ['the API finds it wrong', new ApiError('invalid_request_error', 'made up'), 1],
      ['a model does not exist', new ApiError('not_found_error', 'made up'), 1],
    ])('and %s is reported in the words of the API', async (_name, error, times) => {
      const ask = vi.fn<Asked>(() => Promise.reject(error))
      const desk = openDesk({ ask })
      const batch = await create(desk, ['a'])
      expect(await ended(desk, batch)).toMatchObject({ counts: { errored: 1 } })
      expect(ask).toHaveBeenCalledTimes(times)
      const [line] = await resultsOf(desk, batch)
      expect(line).toMatchObject({ result: { error: error.body() }, attempts: times })
    })
  })

  describe('a batch is refused as a whole, and nothing of it is stored,', () => {
    const good = { custom_id: 'a', params: asking('a') }
    test.each([
      ['for an id that is used twice', [good, good], /requests.1.custom_id: "a" is used twice/],
      ['for an id of another form', [{ ...good, custom_id: 'a b' }], /requests.0.custom_id/],
      ['for a request without an id', [{ params: {} }], /requests.0.custom_id: Field required/],
      ['for a request without params', [good, { custom_id: 'b' }], /requests.1.params: Field/],
    ])('%s', async (_name, requests, message) => {
      const ask = vi.fn<Asked>(hello)
      const desk = openDesk({ ask })
      await expect(desk.create(body(requests), CALLER)).rejects.toMatchObject({ status: 400 })
      await expect(desk.create(body(requests), CALLER)).rejects.toThrow(message)
      expect(await kept.store.db.selectFrom('batches').selectAll().execute()).toEqual([])
      expect(await kept.store.db.selectFrom('batch_requests').selectAll().execute()).toEqual([])
      expect(ask).not.toHaveBeenCalled()
    })
  })

  test('a failed request is repeated later, and the result has the number of attempts', async () => {
    let failures = 0
    const ask: Asked = (request) => {
      if (textOf(request) !== 'bad' || failures > 0) return hello(request)
      failures += 1
      return Promise.resolve(source([new ApiError('api_error', 'made up')]).events)
    }
    const desk = openDesk({ ask })
    const batch = await create(desk, ['bad', 'b'])
    await ended(desk, batch)
    const lines = await resultsOf(desk, batch)
    expect(lines.map(({ attempts }) => attempts)).toEqual([2, 1])
  })

  test('a rate limit delays all requests for its time', async () => {
    const error = new ApiError('rate_limit_error', 'made up', { retryAfter: 1 })
    let isOver = true
    const times: number[] = []
    const ask: Asked = (request) => {
      times.push(performance.now())
      return isOver ? Promise.reject(error) : hello(request)
    }
    const desk = openDesk({ ask, concurrency: 1 })
    const batch = await create(desk, ['a', 'b'])
    await until(() => desk.runner.progress()[0]?.waits_for?.reason === 'rate limit')
    isOver = false
    expect(await ended(desk, batch)).toMatchObject({ counts: { succeeded: 2 } })
    // A timer may be a little early.
    const [first = 0, second = 0] = times
    expect(second - first).toBeGreaterThan(950)
  })

  test('a key over its limit delays only its own batches', async () => {
    let isOver = true
    const admit: DeskOptions['admit'] = (_, owner) =>
      isOver && owner === 'name:ann'
        ? Promise.reject(new ApiError('rate_limit_error', 'made up', { retryAfter: 1 }))
        : Promise.resolve(undefined)
    const desk = openDesk({ admit })
    const anns = await create(desk, ['a'], { ...CALLER, owner: 'name:ann' })
    await until(() => desk.runner.progress()[0]?.waits_for?.reason === 'key limit')
    const bobs = await create(desk, ['b'], { ...CALLER, owner: 'name:bob' })
    expect(await ended(desk, bobs)).toMatchObject({ counts: { succeeded: 1 } })
    expect(await desk.records.get('name:ann', anns.id)).toMatchObject({ status: 'in_progress' })
    isOver = false
    expect(await ended(desk, anns)).toMatchObject({ counts: { succeeded: 1 } })
  })

  test('a request is repeated later if the keys can not be read', async () => {
    const admit = vi
      .fn<DeskOptions['admit']>(() => Promise.resolve(undefined))
      .mockRejectedValueOnce(new Error('made up'))
    const desk = openDesk({ admit })
    const batch = await create(desk, ['a'])
    expect(await ended(desk, batch)).toMatchObject({ counts: { succeeded: 1, errored: 0 } })
  })

  test('a batch waits for the window of the plan, which is no attempt', async () => {
    let utilization = 0.8
    const rateLimits = () => ({
      status: 'allowed',
      windows: { five_hour: { utilization, resetsAt: Date.now() / 1000 + 1 } },
      overage: { isInUse: false },
    })
    const ask = vi.fn<Asked>(hello)
    const desk = openDesk({ ask, rateLimits })
    const names = Array.from({ length: 12 }, (_, index) => `request-${index}`)
    const claims = vi.spyOn(RequestQueue.prototype, 'claim')
    const since = performance.now()
    const batch = await create(desk, names)
    await until(() => desk.runner.progress()[0]?.waits_for?.reason === 'plan window')
    expect(ask).not.toHaveBeenCalled()
    // In each wait of a second, four are claimed and put back. They are not claimed again at once.
    const seconds = (performance.now() - since) / 1000
    expect(claims.mock.calls.length).toBeLessThanOrEqual(4 * (seconds + 2))
    claims.mockRestore()
    utilization = 0
    await ended(desk, batch)
    expect(await resultsOf(desk, batch)).toMatchObject(names.map(() => ({ attempts: 1 })))
  })

  test('interactive requests come first', async () => {
    let isFree = false
    const ask = vi.fn<Asked>(hello)
    const desk = openDesk({ ask, hasRoom: () => isFree })
    const batch = await create(desk, ['a'])
    const reason = () => desk.runner.progress()[0]?.waits_for?.reason
    await until(() => reason() === 'interactive requests')
    expect(ask).not.toHaveBeenCalled()
    // It is reported as long as it lasts, also if the next check of the room is late.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 })
    expect(reason()).toBe('interactive requests')
    vi.useRealTimers()
    isFree = true
    await ended(desk, batch)
    expect(ask).toHaveBeenCalledTimes(1)
  })

  test('a paused batch waits until it is resumed, and others do not', async () => {
    const ask = vi.fn<Asked>(hello)
    const other = openDesk({ hasRoom: () => false })
    const batch = await create(other, ['a'])
    await other.records.setPaused('', batch.id, true)
    const desk = openDesk({ ask })
    const second = await create(desk, ['b'])
    await ended(desk, second)
    expect(ask.mock.calls.map(([request]) => textOf(request))).toEqual(['b'])
    // The progress is updated from time to time: an ended batch leaves it soon.
    await until(() => desk.runner.progress().length === 1)
    expect(desk.runner.progress()).toMatchObject([
      { paused: true, waits_for: { reason: 'resume' } },
    ])
    await desk.records.setPaused('', batch.id, false)
    desk.runner.wake()
    await ended(desk, batch)
  })

  test('a cancel ends waiting requests at once, and requests in progress at their end', async () => {
    const gate = new Deferred<void>()
    const ask = vi.fn<Asked>(() => Promise.resolve(source([() => gate.promise, ...REPLY]).events))
    const desk = openDesk({ ask, concurrency: 1 })
    const batch = await create(desk, ['a', 'b', 'c'])
    await until(() => ask.mock.calls.length === 1)
    const canceling = await desk.records.cancel('', batch.id)
    expect(canceling).toMatchObject({ status: 'canceling', cancelInitiatedAt: expect.any(Number) })
    await expect(desk.records.delete('', batch.id)).rejects.toMatchObject({ status: 400 })
    desk.runner.wake()
    await until(async () => (await desk.records.get('', batch.id)).counts.canceled === 2)
    gate.resolve()
    expect(await ended(desk, batch)).toMatchObject({ counts: { succeeded: 1, canceled: 2 } })
    const lines = await resultsOf(desk, batch)
    expect(lines.map(({ result }) => result.type)).toEqual(['succeeded', 'canceled', 'canceled'])
    await expect(desk.records.cancel('', batch.id)).rejects.toMatchObject({ status: 400 })
  })

  test('requests that are not made in time expire', async () => {
    const desk = openDesk({ expiry: 50, hasRoom: () => false })
    const batch = await create(desk, ['a', 'b'])
    expect(await ended(desk, batch)).toMatchObject({ counts: { expired: 2 } })
    expect(await resultsOf(desk, batch)).toMatchObject([
      { result: { type: 'expired' }, attempts: 0 },
      { result: { type: 'expired' } },
    ])
  })

  test('a batch is deleted at the end of its lifetime', async () => {
    const desk = openDesk()
    const batch = await create(desk, ['a'])
    await ended(desk, batch)
    await desk.records.forgetOld(60_000)
    await desk.records.get('', batch.id)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await desk.records.forgetOld(1)
    await expect(desk.records.get('', batch.id)).rejects.toMatchObject({ status: 404 })
  })

  describe('another owner', () => {
    test('sees nothing of a batch, and can not change it', async () => {
      const desk = openDesk()
      const batch = await create(desk, ['a'], { owner: 'ann', betas: [] })
      await ended(desk, batch)
      for (const act of [
        () => desk.records.get('bob', batch.id),
        () => desk.records.cancel('bob', batch.id),
        () => desk.records.setPaused('bob', batch.id, true),
        () => desk.records.delete('bob', batch.id),
        () => desk.records.list('bob', ['/v1/messages'], { limit: 1, afterId: batch.id }),
      ]) {
        await expect(act()).rejects.toMatchObject({ status: 404 })
      }
      const { batches } = await desk.records.list('bob', ['/v1/messages'], { limit: 10 })
      expect(batches).toEqual([])
    })
  })

  test('batches are listed in pages, the latest first', async () => {
    const desk = openDesk()
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) ids.unshift((await create(desk, ['a'])).id)
    // Two of the same millisecond are in the order of their ids.
    const all = await desk.records.list('', ['/v1/messages'], { limit: 10 })
    const listed = all.batches.map(({ id }) => id)
    expect(listed.toSorted()).toEqual(ids.toSorted())
    const page = await desk.records.list('', ['/v1/messages'], {
      limit: 2,
      afterId: listed[0] ?? '',
    })
    expect(page.batches.map(({ id }) => id)).toEqual(listed.slice(1, 3))
    expect(page.hasMore).toBe(true)
    const before = await desk.records.list('', ['/v1/messages'], {
      limit: 2,
      beforeId: listed[4] ?? '',
    })
    expect(before.batches.map(({ id }) => id)).toEqual(listed.slice(2, 4))
    expect(before.hasMore).toBe(true)
  })

  describe('a dead worker', () => {
    test('loses its requests to another when its lease has ended, and its late result is dropped', async () => {
      const gate = new Deferred<void>()
      const slow = openDesk({
        ask: () => Promise.resolve(source([() => gate.promise, ...REPLY]).events),
      })
      const batch = await create(slow, ['a'])
      await until(() => slow.runner.progress()[0]?.in_flight === 1)
      // As if it had not renewed its lease.
      await kept.store.db.updateTable('batch_requests').set({ lease_until: 1 }).execute()
      const ask = vi.fn<Asked>(hello)
      const other = openDesk({ ask })
      expect(await ended(other, batch)).toMatchObject({ counts: { succeeded: 1 } })
      expect(await resultsOf(other, batch)).toMatchObject([{ attempts: 2 }])
      gate.resolve()
      await slow.runner.stop()
      expect((await other.records.get('', batch.id)).counts).toMatchObject({ succeeded: 1 })
    })

    test('is never the one that looks: its requests are not repeated after a long sleep', async () => {
      const { id } = await create(openDesk({ hasRoom: () => false }), ['a', 'b'])
      const states = async () => {
        const rows = kept.store.db.selectFrom('batch_requests').selectAll().orderBy('position')
        return (await rows.execute()).map(({ state }) => state)
      }
      let hasSlept = false
      const now = (): number => (hasSlept ? Date.now() + 60_000 : Date.now())
      const queue = new RequestQueue(kept.store, 'elsewhere/1/this', 30_000, now)
      const claimed = await queue.claim(id)
      // As if the answer to its claim was lost on the way.
      await new RequestQueue(kept.store, 'elsewhere/1/this', 30_000).claim(id)
      hasSlept = true
      await queue.takeOver()
      expect(await states()).toEqual(['running', 'waiting'])
      if (claimed === undefined) throw new Error('There was a request.')
      await queue.putBack(claimed, { after: 0, failures: 0, attempts: 0 })
      await new RequestQueue(kept.store, 'elsewhere/1/this', 30_000).claim(id)
      await queue.takeOver()
      expect(await states(), 'what was given up is not held').toEqual(['waiting', 'waiting'])
    })

    test.skipIf(!knowsTheGone)('is recognised by its name at once', async () => {
      const desk = openDesk({ hasRoom: () => false })
      const batch = await create(desk, ['a', 'b'])
      await kept.store.db
        .updateTable('batch_requests')
        .set({
          state: 'running',
          attempts: 1,
          worker: `${hostname()}/${process.pid}/earlier`,
          lease_until: Date.now() + 1_000_000,
        })
        .where('position', '=', 0)
        .execute()
      const other = openDesk()
      await ended(other, batch)
      const lines = await resultsOf(other, batch)
      expect(lines.map(({ attempts }) => attempts)).toEqual([2, 1])
    })
  })

  test('the time of a batch begins when all of it has arrived', async () => {
    const desk = openDesk({ expiry: 60_000 })
    const text = JSON.stringify({ requests: [{ custom_id: 'a', params: asking('a') }] })
    async function* slowly(): AsyncIterableIterator<Uint8Array> {
      yield Buffer.from(text.slice(0, 20))
      vi.spyOn(Date, 'now').mockImplementation(() => performanceNow() + 3_600_000)
      yield Buffer.from(text.slice(20))
    }
    const batch = await desk.create(slowly(), CALLER)
    expect(batch.createdAt).toBeGreaterThan(performanceNow() + 3_500_000)
    expect(batch.expiresAt - batch.createdAt).toBe(60_000)
    expect(await ended(desk, batch)).toMatchObject({ counts: { succeeded: 1, expired: 0 } })
  })

  test('a clock that jumps forward by a day ends the waiting requests, and no others', async () => {
    const gate = new Deferred<void>()
    const ask = vi.fn<Asked>((request) =>
      textOf(request) === 'held'
        ? Promise.resolve(source([() => gate.promise, ...REPLY]).events)
        : hello(request),
    )
    const day = 24 * 60 * 60 * 1000
    const desk = openDesk({ ask, concurrency: 1, expiry: day, retention: 29 * day })
    const batch = await create(desk, ['held', 'waits', 'waits'])
    await until(() => ask.mock.calls.length === 1)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => performanceNow() + day + 1000)
    await until(async () => (await desk.records.get('', batch.id)).counts.expired === 2)
    gate.resolve()
    expect(await ended(desk, batch)).toMatchObject({
      counts: { processing: 0, succeeded: 1, errored: 0, canceled: 0, expired: 2 },
    })
    expect(await resultsOf(desk, batch)).toMatchObject([
      { attempts: 1, result: { type: 'succeeded' } },
      { attempts: 0, result: { type: 'expired' } },
      { attempts: 0, result: { type: 'expired' } },
    ])
    // Nothing of the jump remains, and nothing of its correction.
    for (const _ of ['tomorrow', 'today again']) {
      const next = await create(desk, ['b', 'c'])
      expect(await ended(desk, next)).toMatchObject({ counts: { succeeded: 2, expired: 0 } })
      clock.mockRestore()
    }
  })

  test('a clock that is put back by an hour delays no batch by an hour', async () => {
    let isBusy = true
    const desk = openDesk({ hasRoom: () => !isBusy })
    const batch = await create(desk, ['a'])
    await until(() => desk.runner.progress()[0]?.waits_for?.reason === 'interactive requests')
    vi.spyOn(Date, 'now').mockImplementation(() => performanceNow() - 3_600_000)
    isBusy = false
    expect(await ended(desk, batch)).toMatchObject({ counts: { succeeded: 1 } })
  })

  test('a stop returns the requests in progress to the line', async () => {
    const desk = openDesk({
      ask: () => Promise.resolve(source([() => new Promise(() => {}), ...REPLY]).events),
    })
    const batch = await create(desk, ['a'])
    await until(() => desk.runner.progress()[0]?.in_flight === 1)
    desk.runner.abort()
    await desk.runner.stop()
    const rows = await kept.store.db.selectFrom('batch_requests').selectAll().execute()
    expect(rows).toMatchObject([
      { batch_id: batch.id, state: 'waiting', attempts: 1, worker: null },
    ])
  })

  test('an answer without usage is a result, too', async () => {
    const events = REPLY.map((event) => {
      if (event.type !== 'message_start') return event
      const { usage: _, ...message } = event.message
      return { ...event, message } as typeof event
    })
    const desk = openDesk({ ask: () => Promise.resolve(source(events).events) })
    const batch = await ended(desk, await create(desk, ['a']))
    expect(batch).toMatchObject({ counts: { succeeded: 1 }, tokens: { input: 0 } })
  })

  test('what could not be deleted after a failure is deleted soon', async () => {
    const desk = openDesk()
    const discard = vi.spyOn(desk.records, 'discard')
    discard.mockImplementation(() => {
      desk.records.hasLeftovers = true
      return Promise.reject(new Error('made up'))
    })
    await expect(
      desk.create(body([{ custom_id: 'a', params: {} }, { params: {} }]), CALLER),
    ).rejects.toMatchObject({ status: 400 })
    expect(discard).toHaveBeenCalledTimes(1)
    await until(
      async () => (await kept.store.db.selectFrom('batches').select('id').execute()).length === 0,
    )
    const left = kept.store.db.selectFrom('batch_requests').select('position')
    expect(await left.execute()).toEqual([])
  })

  test('times of before the clock was put back hold nothing up', async () => {
    const { id } = await create(openDesk({ hasRoom: () => false }), ['a', 'b', 'c'])
    const DAY = 24 * 3_600_000
    const tomorrow = (): number => Date.now() + DAY
    const before = new RequestQueue(kept.store, 'elsewhere/1/dead', 30_000, tomorrow)
    await before.claim(id)
    const second = await before.claim(id)
    if (second === undefined) throw new Error('There was a request.')
    await before.putBack(second, { after: 60_000, failures: 1, attempts: 1 })
    const queue = new RequestQueue(kept.store, 'elsewhere/1/this', 30_000)
    await queue.takeOver()
    const claimed = [await queue.claim(id), await queue.claim(id), await queue.claim(id)]
    expect(claimed.map((each) => each?.customId)).toEqual(['id-0', 'id-1', 'id-2'])
  })

  test('a batch that two servers cancel at once ends each request once', async () => {
    const [one, two] = [openDesk({ hasRoom: () => false }), openDesk({ hasRoom: () => false })]
    const count = 1500
    const texts = Array.from({ length: count }, () => 'a')
    const batch = await create(one, texts)
    await Promise.all([one, two].map((desk) => desk.records.cancel('', batch.id)))
    const canceling = await one.records.get('', batch.id)
    await Promise.all([one, two].map((desk) => desk.records.sweep(canceling)))
    expect(await ended(two, batch)).toMatchObject({ counts: { canceled: count, processing: 0 } })
    expect(await resultsOf(two, batch)).toHaveLength(count)
  })

  test('a result is stored later if the store does not accept it now', async () => {
    const desk = openDesk()
    const onError = vi.fn<(error: unknown) => void>()
    const broken = openDesk({ onError })
    await desk.runner.stop()
    const { db } = kept.store
    await db.schema.alterTable('batch_requests').renameTo('away').execute()
    await expect(create(broken, ['a'])).rejects.toMatchObject({ type: 'api_error' })
    await until(() => onError.mock.calls.length > 0)
    await db.schema.alterTable('away').renameTo('batch_requests').execute()
    const batch = await create(broken, ['a'])
    expect(await ended(broken, batch)).toMatchObject({ counts: { succeeded: 1 } })
  })
}
