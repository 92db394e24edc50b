import { describe, expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { readBody } from './body.ts'

function request(body: RequestInit['body'], headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/', { method: 'POST', body: body ?? null, headers })
}

/** A body that comes in pieces, without a length, and tells how many were read. */
function pieces(...chunks: Uint8Array[]) {
  const left = [...chunks]
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = left.shift()
        if (chunk) controller.enqueue(chunk)
        else controller.close()
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
  return {
    request: new Request('http://localhost/', init),
    unread: () => left.length,
    isCancelled: () => isCancelled,
  }
}

test('a body is read as text, also where a character is split between two pieces', async () => {
  const bytes = new TextEncoder().encode('Καλημέρα 👩🏽‍🚀')
  const chunks = [...bytes].map((byte) => Uint8Array.of(byte))
  expect(await readBody(pieces(...chunks).request, 1000)).toBe('Καλημέρα 👩🏽‍🚀')
})

test('a body of many small pieces is read whole', async () => {
  const text = 'abcdefghij'.repeat(20_000)
  const chunks = (text.match(/.{1,7}/g) ?? []).map((piece) => new TextEncoder().encode(piece))
  expect(await readBody(pieces(...chunks).request, 1_000_000)).toBe(text)
})

test('no body is an empty text', async () => {
  expect(await readBody(new Request('http://localhost/', { method: 'POST' }), 1000)).toBe('')
})

test('a body of just the limit is read', async () => {
  expect(await readBody(request('a'.repeat(10)), 10)).toHaveLength(10)
})

describe('a body over the limit is refused with 413', () => {
  const TOO_LARGE = { type: 'request_too_large', status: 413 }

  test('by what was read of it, and no more is read', async () => {
    const chunk = new Uint8Array(6).fill(97)
    const { request: sent, unread, isCancelled } = pieces(chunk, chunk, chunk, chunk)
    const refused = await readBody(sent, 10).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ ...TOO_LARGE, message: expect.stringContaining('10 bytes') })
    expect(unread()).toBe(2)
    expect(isCancelled()).toBe(true)
  })

  test('by the length that it says it has, before anything is read', async () => {
    const sent = request('a', { 'content-length': '11' })
    await expect(readBody(sent, 10)).rejects.toMatchObject(TOO_LARGE)
    expect(sent.bodyUsed).toBe(false)
  })
})

test('a body that is no UTF-8 is an invalid request', async () => {
  const sent = request(Uint8Array.of(0x7b, 0xff, 0x7d))
  await expect(readBody(sent, 1000)).rejects.toMatchObject({
    type: 'invalid_request_error',
    status: 400,
    message: expect.stringContaining('UTF-8'),
  })
})

function broken(signal: AbortSignal): Request {
  const stream = new ReadableStream({
    pull(controller) {
      controller.error(new Error('aborted'))
    },
  })
  const init = { method: 'POST', body: stream, duplex: 'half', signal } as RequestInit
  return new Request('http://localhost/', init)
}

describe('a body that breaks off', () => {
  test('because the client left is no failure of ours', async () => {
    const refused = await readBody(broken(AbortSignal.abort()), 10).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ status: 499 })
  })

  test('for another reason is told as it is', async () => {
    const { signal } = new AbortController()
    await expect(readBody(broken(signal), 10)).rejects.toThrow('aborted')
  })
})
