import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { NO_PAST } from '../../src/openai/responses/request.ts'
import { SharedShelf, type SharedShelfOptions } from '../../src/responses/shared-shelf.ts'
import type { StoredResponse } from '../../src/responses/stored.ts'
import {
  ANN,
  BOB,
  item,
  type OpenShelf,
  ScriptedJob,
  shelfTests,
  storedResponse,
  typesOf,
} from './shelf-tests.ts'
import type { KeptStore } from './store.ts'
import { until } from './until.ts'

const OPTIONS: SharedShelfOptions = {
  retention: 60_000,
  // The interval in which a server checks if another one cancelled its response, if it gets no
  // notification.
  lease: 600,
  limit: 1_000_000_000,
  onError: (error) => {
    throw error
  },
}

/**
 * Tests of shared responses and conversations, for every engine of the store.
 *
 * @param open returns an empty store
 * @param announces whether servers hear each other's announcements
 */
export function sharedShelfTests(open: () => Promise<KeptStore>, announces: boolean): void {
  shelfTests(async (): Promise<OpenShelf> => {
    const kept = await open()
    const shelf = shelfOn(kept)
    return {
      shelf,
      remove: async () => {
        await shelf.close()
        await kept.remove()
      },
    }
  })

  describe('of two servers', () => {
    test('one reads what the other stores', () =>
      openTwo(open, {}, async (one, two) => {
        await one.responses(ANN).add(storedResponse('resp_a'))
        await two.responses(ANN).add(storedResponse('resp_b', 'resp_a'))
        expect((await one.responses(ANN).past('resp_b')).messages).toHaveLength(2)
        const { id } = await one.conversations(ANN).create({})
        await Promise.all([
          one.conversations(ANN).append(id, [item('a'), item('b')]),
          two.conversations(ANN).append(id, [item('c'), item('d')]),
        ])
        const names = (await two.conversations(ANN).items(id)).map((each) => each.id)
        expect([names.join(''), names.toReversed().join('')]).toContainEqual(
          expect.stringMatching(/abcd|cdab|dcba|badc/) as string,
        )
        await two.responses(ANN).delete('resp_a')
        await expect(one.responses(ANN).get('resp_a')).rejects.toMatchObject({ status: 404 })
      }))

    test("one reads and cancels the other's response in the background", () =>
      openTwo(open, {}, async (one, two) => {
        const job = new ScriptedJob('resp_a')
        await one.responses(ANN).run(job, [])
        const told = typesOf(await two.responses(ANN).events('resp_a', -1))
        job.tell('response.created', 'in_progress')
        const status = async () => (await two.responses(ANN).get('resp_a')).status
        await expect.poll(status, { timeout: 20_000 }).toBe('in_progress')
        expect(await two.responses(ANN).cancel('resp_a')).toMatchObject({ status: 'cancelled' })
        expect(await told).toEqual(['response.created'])
        await expect.poll(() => job.isCancelled, { timeout: 20_000 }).toBe(true)
        expect(await one.responses(ANN).get('resp_a')).toMatchObject({ status: 'cancelled' })
      }))

    test.skipIf(!announces)('one hears of the changes of a response that the other makes', () =>
      openTwo(open, { lease: 60_000 }, async (one, two, { store }) => {
        const heard: unknown[] = []
        store.onAnnounced((subject) => void heard.push(subject))
        const job = new ScriptedJob('resp_a')
        await one.responses(ANN).run(job, [])
        job.tell('response.created', 'in_progress')
        await expect.poll(() => heard, { timeout: 20_000 }).toContain('events resp_a')
        await two.responses(ANN).cancel('resp_a')
        await expect.poll(() => heard, { timeout: 20_000 }).toContain('end resp_a')
        await expect.poll(() => job.isCancelled, { timeout: 20_000 }).toBe(true)
      }),
    )

    test('a response of a server that has ended is marked as failed, once', () =>
      openTwo(open, { lease: 60_000 }, async (one, two, { store }) => {
        const job = new ScriptedJob('resp_a')
        await one.responses(ANN).run(job, [])
        job.tell('response.created', 'in_progress')
        const status = async () => (await two.responses(ANN).get('resp_a')).status
        await expect.poll(status, { timeout: 20_000 }).toBe('in_progress')
        // As if it had not renewed its lease.
        await store.db.updateTable('responses').set({ lease_until: 1 }).execute()
        // After a sleep of its machine, only this server knows that it continues.
        expect((await one.responses(ANN).get('resp_a')).status).toBe('in_progress')
        const told = await Promise.all(
          [two, two].map(async (each) => typesOf(await each.responses(ANN).events('resp_a', -1))),
        )
        const types = ['response.created', 'error', 'response.failed']
        expect(told).toEqual([types, types])
        expect(await two.responses(ANN).get('resp_a')).toMatchObject({
          status: 'failed',
          error: {
            code: 'server_error',
            message: 'The server that made this response has ended.',
          },
        })
        // If it still runs, it notices that its response was given up.
        job.tell('response.output_text.delta', 'in_progress')
        await expect.poll(() => job.isCancelled, { timeout: 20_000 }).toBe(true)
        expect(await status()).toBe('failed')
        expect(await typesOf(await two.responses(ANN).events('resp_a', -1))).toEqual(types)
      }))

    test('old objects are not returned, and are deleted', () => {
      const clock = { now: Date.now() }
      return openTwo(open, { now: () => clock.now }, async (one, _, { store }) => {
        await one.responses(ANN).add(storedResponse('resp_a'))
        const job = new ScriptedJob('resp_b')
        await one.responses(ANN).run(job, [])
        job.complete()
        const status = async () => (await one.responses(ANN).get('resp_b')).status
        await expect.poll(status, { timeout: 20_000 }).toBe('completed')
        const [old, used] = [
          await one.conversations(ANN).create({}),
          await one.conversations(ANN).create({}),
        ]
        await one.conversations(ANN).append(old.id, [item('a')])
        clock.now += 50_000
        await one.conversations(ANN).append(used.id, [item('b')])
        await one.responses(ANN).add(storedResponse('resp_c'))
        clock.now += 11_000
        await expect(one.responses(ANN).get('resp_a')).rejects.toMatchObject({ status: 404 })
        await expect(one.responses(ANN).past('resp_a')).rejects.toMatchObject({ status: 400 })
        await expect(one.conversations(ANN).get(old.id)).rejects.toMatchObject({ status: 404 })
        await one.forgetOld()
        const { db } = store
        const rows = await Promise.all([
          db.selectFrom('responses').select('id').execute(),
          db.selectFrom('response_events').select('number').execute(),
          db.selectFrom('conversations').select('id').execute(),
          db.selectFrom('conversation_items').select('item_id').execute(),
        ])
        expect(rows).toEqual([[{ id: 'resp_c' }], [], [{ id: used.id }], [{ item_id: 'b' }]])
      })
    })
  })

  describe('with a limit', () => {
    /** Allows about ten responses, and checks the room after each. */
    const limit = 100_000

    test('the owner who uses most loses the least recently used objects', () => {
      const clock = { now: Date.now() }
      const options = { limit, now: () => clock.now, retention: 1e9 }
      return openTwo(open, options, async (one, two, kept) => {
        const conversations = two.conversations(BOB)
        const { id } = await conversations.create({})
        await conversations.append(id, [item('first')])
        await two.responses(BOB).add(large('resp_bob'))
        for (const number of [1, 2, 3]) {
          clock.now += 1000
          await one.responses(ANN).add(large(`resp_${number}`))
        }
        // The first one is used again, more than an hour later.
        clock.now += 4_000_000
        expect(await one.responses(ANN).past('resp_1')).toMatchObject({ messages: [{}] })
        for (const number of [4, 5, 6, 7, 8, 9]) {
          clock.now += 1000
          await one.responses(ANN).add(large(`resp_${number}`))
        }
        await one.forgetOld()
        const ids = await keptIds(kept)
        expect(ids).toEqual([
          'resp_1',
          'resp_4',
          'resp_5',
          'resp_6',
          'resp_7',
          'resp_8',
          'resp_9',
          'resp_bob',
        ])
        expect(await conversations.items(id)).toEqual([item('first')])
      })
    })

    test('many conversations, or one that grows, do not fill the database', () =>
      openTwo(open, { limit }, async (one, _, { store }) => {
        const conversations = one.conversations(ANN)
        const long = { ...item('long'), text: 'x'.repeat(4000) } as never
        const first = await conversations.create({})
        for (let count = 0; count < 60; count += 1) {
          const { id } = await conversations.create({})
          await conversations.append(id, [long])
        }
        const { rows } = await sql<{ size: number }>`
          select sum(length(item)) as size from conversation_items`.execute(store.db)
        expect(rows[0]?.size).toBeGreaterThan(50_000)
        expect(rows[0]?.size).toBeLessThan(limit)
        await expect(conversations.get(first.id)).rejects.toMatchObject({ status: 404 })
      }))

    test('responses in the background count with their events, and stay while they are made', () =>
      openTwo(open, { limit }, async (one, _, kept) => {
        const job = new ScriptedJob('resp_job')
        await one.responses(ANN).run(job, [])
        const events = (): Promise<number> =>
          kept.store.db
            .selectFrom('response_events')
            .select((is) => is.fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow()
            .then(({ count }) => count)
        for (let count = 0; count < 1000; count += 1) job.tell('x'.repeat(200), 'in_progress')
        await until(async () => (await events()) === 1000)
        await one.responses(ANN).add(large('resp_a'))
        await until(async () => !(await keptIds(kept)).includes('resp_a'))
        expect(await keptIds(kept)).toEqual(['resp_job'])
        job.complete()
        const status = async () => (await one.responses(ANN).get('resp_job')).status
        await until(async () => (await status()) === 'completed')
        await one.forgetOld()
        expect([await keptIds(kept), await events()]).toEqual([[], 0])
      }))

    test('two servers that make room at once do not delete more than one', () =>
      openTwo(open, { limit: 1e9 }, async (one, _, kept) => {
        for (let number = 10; number < 40; number += 1) {
          await one.responses(ANN).add(large(`resp_${number}`))
        }
        const [small, other] = [
          shelfOn(kept, { limit: 250_000 }),
          shelfOn(kept, { limit: 250_000 }),
        ]
        await Promise.all([small.forgetOld(), other.forgetOld()])
        await Promise.all([small.close(), other.close()])
        const left = await keptIds(kept)
        expect(left.at(-1)).toBe('resp_39')
        // 90 % of the limit remain.
        expect(left.length).toBeGreaterThanOrEqual(20)
        expect(left.length).toBeLessThanOrEqual(22)
      }))
  })

  test('a request that refers to more than a server can hold is refused', () =>
    openTwo(open, { limit: 1e12 }, async (one, _, { store }) => {
      await one.responses(ANN).add(storedResponse('resp_a'))
      await one.responses(ANN).add(storedResponse('resp_b', 'resp_a'))
      await store.db.updateTable('responses').set({ size: 60_000_000 }).execute()
      const refusal = { status: 400, message: expect.stringContaining('100 MB') as string }
      await expect(one.responses(ANN).past('resp_b')).rejects.toMatchObject(refusal)
      await expect(one.responses(ANN).input('resp_b')).resolves.toHaveLength(3)
      await expect(one.responses(ANN).items(['msg_a_0', 'msg_b_0'])).rejects.toMatchObject(refusal)
      expect(await one.responses(ANN).past('resp_a')).toMatchObject({ messages: [{}] })
    }))

  test('while the database is away, the client still gets its answer, and a warning is logged', async () => {
    const problems: unknown[] = []
    const shelf = new SharedShelf(
      { open: () => Promise.reject(new Error('away')) },
      { ...OPTIONS, onError: (problem) => problems.push(problem) },
    )
    await shelf.responses(ANN).add(storedResponse('resp_a'))
    expect(problems).toHaveLength(1)
    // A request that refers to nothing stored does not need it either.
    expect(await shelf.responses(ANN).past(undefined)).toEqual(NO_PAST)
    expect(await shelf.responses(ANN).items([])).toEqual(new Map())
    await expect(shelf.responses(ANN).get('resp_a')).rejects.toThrow('away')
    await shelf.close()
  })
}

/** A response of about 10 kB. */
function large(id: string): StoredResponse {
  const text = 'x'.repeat(10_200)
  return { ...storedResponse(id), input: [{ ...item(`in_${id}`), text } as never] }
}

async function keptIds({ store }: KeptStore): Promise<string[]> {
  const rows = await store.db.selectFrom('responses').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

function shelfOn({ store }: KeptStore, options: Partial<SharedShelfOptions> = {}): SharedShelf {
  return new SharedShelf({ open: () => Promise.resolve(store) }, { ...OPTIONS, ...options })
}

async function openTwo(
  open: () => Promise<KeptStore>,
  options: Partial<SharedShelfOptions>,
  work: (one: SharedShelf, two: SharedShelf, kept: KeptStore) => Promise<void>,
): Promise<void> {
  const kept = await open()
  const [one, two] = [shelfOn(kept, options), shelfOn(kept, options)]
  try {
    await work(one, two, kept)
  } finally {
    await Promise.all([one.close(), two.close()])
    await kept.remove()
  }
}
