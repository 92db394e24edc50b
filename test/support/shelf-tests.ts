import type { ResponseItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { WireResponse } from '../../src/openai/responses/reply.ts'
import { NO_PAST, type Past } from '../../src/openai/responses/request.ts'
import type { BackgroundJob, ResponseShelf, StoredResponse } from '../../src/responses/stored.ts'
import { until } from './until.ts'

export type OpenShelf = { shelf: ResponseShelf; remove: () => Promise<void> }

/** A response with only the fields that matter for storing it. */
export function storedResponse(id: string, previous: string | null = null): StoredResponse {
  return {
    response: wireResponse(id, { previous_response_id: previous, status: 'completed' }),
    added: {
      messages: [{ role: 'user', content: `said in ${id}` }],
      tools: [],
    },
    input: [item(`in_${id}`)],
  }
}

function wireResponse(id: string, fields: object = {}): WireResponse {
  const output = [{ id: `msg_${id.slice(5)}_0` }]
  return { id, background: false, previous_response_id: null, output, ...fields } as never
}

export function item(id: string): ResponseItem {
  return { type: 'message', id, role: 'user', content: [] } as unknown as ResponseItem
}

/** A response under the control of a test. */
export class ScriptedJob implements BackgroundJob {
  response: WireResponse
  added: Past | undefined
  events: ResponseStreamEvent[] = []
  isOver = false
  isCancelled = false
  #wake: (() => void)[] = []

  constructor(id: string) {
    this.response = wireResponse(id, { background: true, status: 'queued', output: [] })
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  cancel(): void {
    if (this.isOver) return
    this.isCancelled = true
    this.response = { ...this.response, status: 'cancelled' }
    this.isOver = true
    this.#notify()
  }

  /** Sends an event that changes the status of the response. */
  tell(type: string, status: WireResponse['status']): void {
    this.response = { ...this.response, status } as WireResponse
    const event = { type, sequence_number: this.events.length }
    this.events.push(event as unknown as ResponseStreamEvent)
    this.#notify()
  }

  /** Ends the response normally. */
  complete(): void {
    this.added = { ...NO_PAST, messages: [{ role: 'assistant', content: 'done' }] }
    this.isOver = true
    this.tell('response.completed', 'completed')
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export const ANN = { caller: 'caller of ann', owner: 'owner of ann' }
export const BOB = { caller: 'caller of bob', owner: 'owner of bob' }

export async function typesOf(events: AsyncIterable<ResponseStreamEvent>): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of events) types.push(type)
  return types
}

/**
 * Tests of stored responses and conversations, for every kind of shelf.
 *
 * @param open returns an empty shelf
 */
export function shelfTests(open: () => Promise<OpenShelf>): void {
  let opened: OpenShelf

  beforeEach(async () => {
    opened = await open()
  })

  afterEach(() => opened.remove())

  const responses = (client = ANN) => opened.shelf.responses(client)
  const conversations = (client = ANN) => opened.shelf.conversations(client)

  test('the chain of a response has all earlier items, oldest first', async () => {
    await responses().add(storedResponse('resp_a'))
    await responses().add(storedResponse('resp_b', 'resp_a'))
    await responses().add(storedResponse('resp_c', 'resp_b'))
    const names = ['resp_a', 'resp_b', 'resp_c']
    expect(await responses().past('resp_c')).toEqual({
      messages: names.map((name) => ({ role: 'user', content: `said in ${name}` })),
      tools: [],
    })
    expect(await responses().past(null)).toEqual({ messages: [], tools: [] })
    expect((await responses().input('resp_b')).map(({ id }) => id)).toEqual([
      'in_resp_a',
      'msg_a_0',
      'in_resp_b',
    ])
  })

  test('a chain with a missing response is refused', async () => {
    await responses().add(storedResponse('resp_a'))
    await responses().add(storedResponse('resp_b', 'resp_a'))
    await responses().delete('resp_a')
    const refusal = {
      status: 400,
      message: expect.stringMatching(/there is no response 'resp_a'/) as string,
      details: { code: 'previous_response_not_found' },
    }
    await expect(responses().past('resp_b')).rejects.toMatchObject(refusal)
    await expect(responses().input('resp_b')).rejects.toMatchObject(refusal)
    expect(await responses().get('resp_b')).toEqual(storedResponse('resp_b', 'resp_a').response)
  })

  test('items are found by the ids in their responses', async () => {
    await responses().add(storedResponse('resp_a'))
    const ids = ['msg_a_0', 'msg_a_1', 'msg_b_0', 'msg_a', 'resp_a']
    expect(Object.fromEntries(await responses().items(ids))).toEqual({
      msg_a_0: { id: 'msg_a_0' },
    })
    expect(await responses().items([])).toEqual(new Map())
  })

  test('a response is visible to its own client, and to no one else', async () => {
    await responses().add(storedResponse('resp_a'))
    const job = new ScriptedJob('resp_b')
    await responses().run(job, [])
    for (const id of ['resp_a', 'resp_b']) {
      for (const act of [
        () => responses(BOB).get(id),
        () => responses(BOB).input(id),
        () => responses(BOB).events(id, -1),
        () => responses(BOB).cancel(id),
        () => responses(BOB).delete(id),
      ]) {
        await expect(act()).rejects.toMatchObject({ status: 404 })
      }
      await expect(responses(BOB).past(id)).rejects.toMatchObject({ status: 400 })
      expect((await responses().get(id)).id).toBe(id)
    }
    expect(await responses(BOB).items(['msg_a_0'])).toEqual(new Map())
    expect(job.isCancelled).toBe(false)
    job.complete()
  })

  test('deleted objects are gone', async () => {
    await responses().add(storedResponse('resp_a'))
    await responses().delete('resp_a')
    await expect(responses().get('resp_a')).rejects.toMatchObject({ status: 404 })
    await expect(responses().delete('resp_a')).rejects.toMatchObject({ status: 404 })
  })

  describe('a response in the background', () => {
    test('can be read while it is made, and continued when it is complete', async () => {
      const job = new ScriptedJob('resp_a')
      await responses().run(job, [item('in_a')])
      expect(await responses().get('resp_a')).toMatchObject({ status: 'queued' })
      expect((await responses().input('resp_a')).map(({ id }) => id)).toEqual(['in_a'])
      await expect(responses().past('resp_a')).rejects.toMatchObject({ status: 400 })
      const told = typesOf(await responses().events('resp_a', -1))
      job.tell('response.created', 'queued')
      job.tell('response.in_progress', 'in_progress')
      await expect
        .poll(async () => (await responses().get('resp_a')).status, { timeout: 20_000 })
        .toBe('in_progress')
      job.complete()
      expect(await told).toEqual(['response.created', 'response.in_progress', 'response.completed'])
      expect(await responses().get('resp_a')).toMatchObject({ status: 'completed' })
      expect(await responses().past('resp_a')).toMatchObject({ messages: [{ content: 'done' }] })
      expect(await typesOf(await responses().events('resp_a', 1))).toEqual(['response.completed'])
    })

    test('is cancelled, and stays cancelled', async () => {
      const job = new ScriptedJob('resp_a')
      await responses().run(job, [])
      job.tell('response.created', 'in_progress')
      for (const _ of [1, 2]) {
        expect(await responses().cancel('resp_a')).toMatchObject({ status: 'cancelled' })
      }
      await until(() => job.isCancelled)
      expect(await responses().get('resp_a')).toMatchObject({ status: 'cancelled' })
    })

    test('can not be cancelled when it is complete', async () => {
      const job = new ScriptedJob('resp_a')
      await responses().run(job, [])
      job.complete()
      const get = async () => (await responses().get('resp_a')).status
      await expect.poll(get, { timeout: 20_000 }).toBe('completed')
      expect(await responses().cancel('resp_a')).toMatchObject({ status: 'completed' })
      expect(job.isCancelled).toBe(false)
    })

    test('is ended when it is deleted', async () => {
      const job = new ScriptedJob('resp_a')
      await responses().run(job, [])
      await responses().delete('resp_a')
      await until(() => job.isCancelled)
      await expect(responses().get('resp_a')).rejects.toMatchObject({ status: 404 })
    })

    test('is the only kind with events, and can be cancelled', async () => {
      await responses().add(storedResponse('resp_a'))
      await expect(responses().events('resp_a', -1)).rejects.toMatchObject({ status: 400 })
      await expect(responses().cancel('resp_a')).rejects.toMatchObject({ status: 400 })
    })
  })

  describe('a conversation', () => {
    test('is created, changed and deleted', async () => {
      const made = await conversations().create({ a: 'b' })
      expect(made).toMatchObject({ object: 'conversation', metadata: { a: 'b' } })
      expect(Math.abs(made.created_at - Date.now() / 1000)).toBeLessThan(60)
      expect(await conversations().get(made.id)).toEqual(made)
      const changed = await conversations().update(made.id, {})
      expect(changed).toEqual({ ...made, metadata: {} })
      await conversations().append(made.id, [item('one')])
      await conversations().delete(made.id)
      await expect(conversations().get(made.id)).rejects.toMatchObject({ status: 404 })
      await expect(conversations().items(made.id)).rejects.toMatchObject({ status: 404 })
      await expect(conversations().append(made.id, [])).rejects.toMatchObject({ status: 404 })
      // A reply that comes after the end of its conversation is no error.
      await conversations().note(made.id, [item('late')])
      await expect(conversations().get(made.id)).rejects.toMatchObject({ status: 404 })
    })

    test('keeps its items in order, also with simultaneous writers', async () => {
      const { id } = await conversations().create({})
      await conversations().append(id, [item('a'), item('b')])
      await conversations().note(id, [item('c')])
      const more = ['d', 'e', 'f', 'g'].map((name) => [item(`${name}1`), item(`${name}2`)])
      await Promise.all(more.map((items) => conversations().append(id, items)))
      const names = (await conversations().items(id)).map((one) => one.id ?? '')
      expect(names.slice(0, 3)).toEqual(['a', 'b', 'c'])
      expect(names.slice(3).toSorted()).toEqual(['d1', 'd2', 'e1', 'e2', 'f1', 'f2', 'g1', 'g2'])
      for (const name of ['d', 'e', 'f', 'g']) {
        expect(names.indexOf(`${name}2`)).toBe(names.indexOf(`${name}1`) + 1)
      }
      expect((await conversations().item(id, 'b')).id).toBe('b')
      expect((await conversations().deleteItem(id, 'b')).id).toBe(id)
      await expect(conversations().item(id, 'b')).rejects.toMatchObject({ status: 404 })
      await expect(conversations().deleteItem(id, 'b')).rejects.toMatchObject({ status: 404 })
      await conversations().append(id, [item('h')])
      expect((await conversations().items(id)).at(-1)?.id).toBe('h')
    })

    test('takes no more items than one request can send', async () => {
      const { id } = await conversations().create({})
      const large = [{ ...item('large'), text: 'x'.repeat(20_000_000) } as never]
      await conversations().append(id, large)
      const more = conversations().append(id, large)
      await expect(more).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('more than 30 MB') as string,
      })
      expect(await conversations().items(id)).toHaveLength(1)
      await conversations().deleteItem(id, 'large')
      await conversations().append(id, large)
      expect(await conversations().items(id)).toHaveLength(1)
    })

    test('is visible to its own client, and to no one else', async () => {
      const { id } = await conversations().create({})
      await conversations().append(id, [item('a')])
      for (const act of [
        () => conversations(BOB).get(id),
        () => conversations(BOB).update(id, {}),
        () => conversations(BOB).items(id),
        () => conversations(BOB).item(id, 'a'),
        () => conversations(BOB).append(id, [item('b')]),
        () => conversations(BOB).deleteItem(id, 'a'),
        () => conversations(BOB).delete(id),
      ]) {
        await expect(act()).rejects.toMatchObject({ status: 404 })
      }
      await conversations(BOB).note(id, [item('b')])
      expect(await conversations().items(id)).toEqual([item('a')])
    })
  })
}
