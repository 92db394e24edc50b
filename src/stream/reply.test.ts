import { describe, expect, test, vi } from 'vitest'

import { REPLY } from '../../test/support/source.ts'
import type { ReplyEnd } from '../api/reply-end.ts'
import type { StreamEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { ClientLeft } from '../refusals.ts'
import { Reply } from './reply.ts'

const STOP: StreamEvent = { type: 'message_stop' }
const BLOCK_STOPS = [0, 1, 2].map((index) => ({ type: 'content_block_stop', index }))
const BROKEN = new ApiError('api_error', 'made up')
const LATE = new ApiError('timeout_error', 'made up')

function open() {
  const onGivenUp = vi.fn<(error: ApiError) => void>()
  const reply = new Reply(onGivenUp)
  const ends: ReplyEnd[] = []
  reply.onEnd((end) => ends.push(end))
  return { reply, onGivenUp, ends }
}

async function collect(reply: Reply): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of reply) events.push(event)
  return events
}

describe('a reader gets the events in order', () => {
  test('that came before it asked', async () => {
    const { reply, onGivenUp, ends } = open()
    for (const event of BLOCK_STOPS) reply.push(event)
    reply.end()
    expect(await collect(reply)).toEqual(BLOCK_STOPS)
    expect(onGivenUp).not.toHaveBeenCalled()
    expect(ends).toEqual([{ how: 'whole' }])
  })

  test('that come while it waits', async () => {
    const { reply } = open()
    const collected = collect(reply)
    for (const event of BLOCK_STOPS) {
      await Promise.resolve()
      reply.push(event)
    }
    reply.end()
    expect(await collected).toEqual(BLOCK_STOPS)
  })

  test('at once, as far as they have come', async () => {
    const { reply } = open()
    for (const event of BLOCK_STOPS) reply.push(event)
    expect([reply.ready(), reply.ready()]).toEqual(BLOCK_STOPS.slice(0, 2))
    expect(await reply.next()).toEqual({ done: false, value: BLOCK_STOPS[2] })
    expect(reply.ready()).toBeUndefined()
  })

  test('and then the error, if the reply failed', async () => {
    const { reply, ends } = open()
    reply.push(STOP)
    reply.end(BROKEN)
    expect(await reply.next()).toEqual({ done: false, value: STOP })
    await expect(reply.next()).rejects.toBe(BROKEN)
    expect(ends).toEqual([{ how: 'failed', error: BROKEN }])
  })

  test('or the error at once, while it waits', async () => {
    const { reply } = open()
    const next = reply.next()
    reply.end(BROKEN)
    await expect(next).rejects.toBe(BROKEN)
  })
})

describe('a reply ends once', () => {
  test('and later events are ignored', async () => {
    const { reply, ends } = open()
    reply.end()
    reply.push(STOP)
    reply.end(BROKEN)
    expect(reply.hasEnded).toBe(true)
    expect(await reply.next()).toEqual({ done: true, value: undefined })
    expect(ends).toEqual([{ how: 'whole' }])
  })

  test('and later errors are ignored', async () => {
    const { reply } = open()
    reply.end(BROKEN)
    reply.end()
    await expect(reply.next()).rejects.toBe(BROKEN)
  })

  test('and a late listener is told too', () => {
    const { reply } = open()
    reply.end()
    const listener = vi.fn<(end: ReplyEnd) => void>()
    reply.onEnd(listener)
    expect(listener).toHaveBeenCalledExactlyOnceWith({ how: 'whole' })
  })
})

describe('a reply has begun', () => {
  test('with its first event', async () => {
    const { reply } = open()
    const begun = reply.begun()
    expect(reply.hasBegun).toBe(false)
    reply.push(STOP)
    await begun
    expect(reply.hasBegun).toBe(true)
    expect(reply.firstEventAt).toBeLessThanOrEqual(performance.now())
  })

  test('but not with a ping, which the reader gets all the same', async () => {
    const { reply } = open()
    const ping = { type: 'ping' }
    reply.push(ping)
    const begun = reply.begun()
    expect(reply.hasBegun).toBe(false)
    reply.giveUp(LATE)
    await expect(begun).rejects.toBe(LATE)

    const other = open().reply
    other.push(ping)
    other.push(STOP)
    await other.begun()
    expect([other.ready(), other.ready()]).toEqual([ping, STOP])
  })

  test('or fails before its first event', async () => {
    const { reply } = open()
    const begun = reply.begun()
    reply.end(BROKEN)
    await expect(begun).rejects.toBe(BROKEN)
  })

  test('or ends without an event, which is an error of the API', async () => {
    const { reply } = open()
    reply.end()
    await expect(reply.begun()).rejects.toMatchObject({ type: 'api_error', status: 502 })
  })
})

describe('the whole message', () => {
  test('is folded once, from events before and after it was asked for', async () => {
    const { reply } = open()
    for (const event of REPLY.slice(0, 3)) reply.push(event)
    const whole = reply.whole()
    for (const event of REPLY.slice(3)) reply.push(event)
    reply.end()
    expect(await whole).toMatchObject({
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 2 },
    })
    expect(reply.ready()).toBeUndefined()
    expect(reply.message()).toBe(await whole)
  })

  test('can be read while it arrives', () => {
    const { reply } = open()
    expect(reply.soFar()).toBeUndefined()
    for (const event of REPLY.slice(0, 3)) reply.push(event)
    expect(reply.soFar()).toMatchObject({ model: 'made-up', content: [{ text: 'Hi' }] })
    expect(() => reply.message()).toThrow(/broke off/)
  })

  test("is the reply's error if the reply failed", async () => {
    const { reply } = open()
    const whole = reply.whole()
    reply.push(REPLY[0] ?? STOP)
    reply.end(BROKEN)
    await expect(whole).rejects.toBe(BROKEN)
  })

  test.each([
    ['an end before it is whole', REPLY.slice(0, 3), /broke off/],
    ['events out of order', [...REPLY.slice(0, 2), ...REPLY], /can't be read.*out of order/],
  ])('is a 502 after %s, and the turn gets the error too', async (_, events, message) => {
    const { reply, ends } = open()
    const whole = reply.whole()
    for (const event of events) reply.push(event)
    reply.end()
    await expect(whole).rejects.toMatchObject({
      type: 'api_error',
      status: 502,
      message: expect.stringMatching(message),
    })
    expect(ends).toMatchObject([{ how: 'failed', error: { status: 502 } }])
  })

  test('may be unclear while its events still stream unchanged', async () => {
    const { reply, ends } = open()
    for (const event of BLOCK_STOPS) reply.push(event)
    reply.end()
    expect(reply.isUnclear).toBe(true)
    expect(await collect(reply)).toEqual(BLOCK_STOPS)
    expect(ends).toEqual([{ how: 'whole' }])
  })
})

describe('a reader that leaves', () => {
  test('before the end is reported, once', async () => {
    const { reply, onGivenUp, ends } = open()
    reply.push(STOP)
    expect(await reply.return()).toEqual({ done: true, value: undefined })
    await reply.return()
    expect(onGivenUp).toHaveBeenCalledExactlyOnceWith(expect.any(ClientLeft))
    expect(await reply.next()).toEqual({ done: true, value: undefined })
    expect(ends).toEqual([{ how: 'given up', error: expect.any(ClientLeft) }])
  })

  test('while it waits is released', async () => {
    const { reply, onGivenUp } = open()
    const next = reply.next()
    await reply.return()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(onGivenUp).toHaveBeenCalledTimes(1)
  })

  test('is reported to a source that listens later too', async () => {
    const { reply, onGivenUp } = open()
    const [second, third] = [vi.fn<() => void>(), vi.fn<() => void>()]
    reply.handOver(second)
    await reply.return()
    reply.handOver(third)
    expect(onGivenUp).not.toHaveBeenCalled()
    for (const told of [second, third]) {
      expect(told).toHaveBeenCalledExactlyOnceWith(expect.any(ClientLeft))
    }
  })

  test('after the end is not reported', async () => {
    const { reply, onGivenUp, ends } = open()
    reply.push(STOP)
    reply.end()
    await reply.return()
    expect(onGivenUp).not.toHaveBeenCalled()
    expect(ends).toEqual([{ how: 'whole' }])
    expect(await reply.next()).toEqual({ done: true, value: undefined })
  })

  test('by a break out of its loop is reported', async () => {
    const { reply, onGivenUp } = open()
    reply.push(STOP)
    for await (const _ of reply) break
    expect(onGivenUp).toHaveBeenCalledTimes(1)
  })

  test('gets no error that comes later', async () => {
    const { reply } = open()
    await reply.return()
    reply.end(BROKEN)
    expect(await reply.next()).toEqual({ done: true, value: undefined })
  })
})

describe('a reader that aborts with a reason', () => {
  test.each([
    ['a pending read', (reply: Reply) => reply.next()],
    ['a pending whole message', (reply: Reply) => reply.whole()],
    ['a wait for the first event', (reply: Reply) => reply.begun()],
  ])('gets the reason in %s', async (_, read) => {
    const { reply, onGivenUp } = open()
    const pending = read(reply)
    reply.giveUp(LATE)
    await expect(pending).rejects.toBe(LATE)
    expect(onGivenUp).toHaveBeenCalledExactlyOnceWith(LATE)
  })

  test('gets the reason instead of unread events, also after the end: nothing looks complete', async () => {
    const { reply, onGivenUp } = open()
    for (const event of REPLY) reply.push(event)
    reply.end()
    await reply.next()
    const left = new ClientLeft('made up')
    reply.giveUp(left)
    await expect(reply.next()).rejects.toBe(left)
    await expect(reply.whole()).rejects.toBe(left)
    expect(onGivenUp).not.toHaveBeenCalled()
  })
})
