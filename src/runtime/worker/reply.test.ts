import { describe, expect, test, vi } from 'vitest'

import type { ReplyEvent } from '../../api/types.ts'
import { ApiError } from '../../errors.ts'
import { Reply } from './reply.ts'

const STOP: ReplyEvent = { type: 'message_stop' }
const BLOCK_STOPS: ReplyEvent[] = [0, 1, 2].map((index) => ({ type: 'content_block_stop', index }))
const BROKEN = new ApiError('api_error', 'made up')

function open() {
  const onAbandoned = vi.fn<() => void>()
  return { reply: new Reply(onAbandoned), onAbandoned }
}

async function collect(reply: Reply): Promise<ReplyEvent[]> {
  const events: ReplyEvent[] = []
  for await (const event of reply) events.push(event)
  return events
}

describe('a reader gets the events in order', () => {
  test('those that came before it asked', async () => {
    const { reply, onAbandoned } = open()
    for (const event of BLOCK_STOPS) reply.push(event)
    reply.end()
    expect(await collect(reply)).toEqual(BLOCK_STOPS)
    expect(onAbandoned).not.toHaveBeenCalled()
  })

  test('those that come while it waits', async () => {
    const { reply } = open()
    const collected = collect(reply)
    for (const event of BLOCK_STOPS) {
      await Promise.resolve()
      reply.push(event)
    }
    reply.end()
    expect(await collected).toEqual(BLOCK_STOPS)
  })

  test('and then the error, where the reply ended with one', async () => {
    const { reply } = open()
    reply.push(STOP)
    reply.end(BROKEN)
    expect(await reply.next()).toEqual({ done: false, value: STOP })
    await expect(reply.next()).rejects.toBe(BROKEN)
  })

  test('or the error at once, where it waits', async () => {
    const { reply } = open()
    const next = reply.next()
    reply.end(BROKEN)
    await expect(next).rejects.toBe(BROKEN)
  })
})

describe('a reply ends once', () => {
  test('and what comes after that is ignored', async () => {
    const { reply } = open()
    reply.end()
    reply.push(STOP)
    reply.end(BROKEN)
    expect(reply.hasEnded).toBe(true)
    expect(await reply.next()).toEqual({ done: true, value: undefined })
  })

  test('an error included', async () => {
    const { reply } = open()
    reply.end(BROKEN)
    reply.end()
    await expect(reply.next()).rejects.toBe(BROKEN)
  })
})

test('it has begun with its first event', () => {
  const { reply } = open()
  expect(reply.hasBegun).toBe(false)
  reply.push(STOP)
  expect(reply.hasBegun).toBe(true)
})

describe('a reader that leaves', () => {
  test('before the end is told on, once', async () => {
    const { reply, onAbandoned } = open()
    reply.push(STOP)
    expect(await reply.return()).toEqual({ done: true, value: undefined })
    await reply.return()
    expect(onAbandoned).toHaveBeenCalledTimes(1)
    expect(await reply.next()).toEqual({ done: true, value: undefined })
  })

  test('while it waits is let go', async () => {
    const { reply, onAbandoned } = open()
    const next = reply.next()
    await reply.return()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(onAbandoned).toHaveBeenCalledTimes(1)
  })

  test('after the end is not told on', async () => {
    const { reply, onAbandoned } = open()
    reply.push(STOP)
    reply.end()
    await reply.return()
    expect(onAbandoned).not.toHaveBeenCalled()
  })

  test('by a break out of its loop is told on', async () => {
    const { reply, onAbandoned } = open()
    reply.push(STOP)
    for await (const _ of reply) break
    expect(onAbandoned).toHaveBeenCalledTimes(1)
  })

  test('hears nothing of an error that comes after', async () => {
    const { reply } = open()
    await reply.return()
    reply.end(BROKEN)
    expect(await reply.next()).toEqual({ done: true, value: undefined })
  })
})
