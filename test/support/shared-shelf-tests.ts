import { describe, expect, test } from 'vitest'

import { NO_PAST } from '../../src/openai/responses/request.ts'
import { SharedShelf, type SharedShelfOptions } from '../../src/responses/shared-shelf.ts'
import {
  ANN,
  item,
  type OpenShelf,
  ScriptedJob,
  shelfTests,
  storedResponse,
  typesOf,
} from './shelf-tests.ts'
import type { KeptStore } from './store.ts'

const OPTIONS: SharedShelfOptions = {
  retention: 60_000,
  // The interval in which a server checks if another one cancelled its response, if it gets no
  // notification.
  lease: 600,
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
