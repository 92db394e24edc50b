import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { ApiError } from '../errors.ts'
import { bodyChunks, readBody } from './body.ts'

function read(
  sent: Request,
  maxSize: number,
  onLength?: (length: number) => void,
): Promise<string> {
  return readBody(sent, { maxSize, idleTimeout: 20_000 }, onLength)
}

function request(body: RequestInit['body'], headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/', { method: 'POST', body: body ?? null, headers })
}

/** A body that comes in pieces, without a length, and counts the pieces that were read. */
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

test('a body is read as text, also if a character is split between two pieces', async () => {
  const bytes = new TextEncoder().encode('Καλημέρα 👩🏽‍🚀')
  const chunks = [...bytes].map((byte) => Uint8Array.of(byte))
  expect(await read(pieces(...chunks).request, 1000)).toBe('Καλημέρα 👩🏽‍🚀')
})

test('a body of many small pieces is read whole', async () => {
  const text = 'abcdefghij'.repeat(20_000)
  const chunks = (text.match(/.{1,7}/g) ?? []).map((piece) => new TextEncoder().encode(piece))
  expect(await read(pieces(...chunks).request, 1_000_000)).toBe(text)
})

test('a missing body is an empty text', async () => {
  expect(await read(new Request('http://localhost/', { method: 'POST' }), 1000)).toBe('')
})

test('a body of exactly the limit is read', async () => {
  expect(await read(request('a'.repeat(10)), 10)).toHaveLength(10)
})

describe('a body over the limit is refused with 413', () => {
  const TOO_LARGE = { type: 'request_too_large', status: 413 }

  test('by its length so far, and no more is read', async () => {
    const chunk = new Uint8Array(6).fill(97)
    const { request: sent, unread, isCancelled } = pieces(chunk, chunk, chunk, chunk)
    const refused = await read(sent, 10).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ ...TOO_LARGE, message: expect.stringContaining('10 bytes') })
    expect(unread()).toBe(2)
    expect(isCancelled()).toBe(true)
  })

  test('by its announced length, before anything is read', async () => {
    const sent = request('a', { 'content-length': '11' })
    await expect(read(sent, 10)).rejects.toMatchObject(TOO_LARGE)
    expect(sent.bodyUsed).toBe(false)
  })
})

test('a body that is no UTF-8 is an invalid request', async () => {
  const sent = request(Uint8Array.of(0x7b, 0xff, 0x7d))
  await expect(read(sent, 1000)).rejects.toMatchObject({
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
  test('because the client left is no failure of the proxy', async () => {
    const refused = await read(broken(AbortSignal.abort()), 10).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ status: 499 })
  })

  test('for another reason has the error of that reason', async () => {
    const { signal } = new AbortController()
    await expect(read(broken(signal), 10)).rejects.toThrow('aborted')
  })
})

describe('a body with a content-encoding', () => {
  const text = '{"a":"é"}'.repeat(1000)
  const ENCODERS = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  }

  test.each(Object.entries(ENCODERS))('%s is decompressed', async (encoding, encode) => {
    const sent = request(encode(text), { 'content-encoding': ` ${encoding.toUpperCase()}` })
    expect(await read(sent, 100_000)).toBe(text)
  })

  test('of identity or nothing is read unchanged', async () => {
    expect(await read(request(text, { 'content-encoding': 'identity' }), 100_000)).toBe(text)
  })

  test.each(Object.entries(ENCODERS))(
    '%s that grows over the limit is refused, and not decompressed to its end',
    async (encoding, encode) => {
      const bomb = encode(Buffer.alloc(50_000_000))
      const lengths: number[] = []
      const sent = request(bomb, { 'content-encoding': encoding })
      const reading = read(sent, 1_000_000, (length) => void lengths.push(length))
      await expect(reading).rejects.toMatchObject({ type: 'request_too_large', status: 413 })
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1_000_000)
    },
  )

  test.each(Object.entries(ENCODERS))(
    '%s that has another encoding, or is cut, is an invalid request',
    async (encoding, encode) => {
      for (const bytes of [Buffer.from(text), encode(text).subarray(0, -3)]) {
        const sent = request(bytes, { 'content-encoding': encoding })
        await expect(read(sent, 100_000)).rejects.toMatchObject({
          type: 'invalid_request_error',
          status: 400,
          message: `The request body is not ${encoding}, although content-encoding says so.`,
        })
      }
    },
  )

  test.each(['compress', 'gzip, br', 'constructor'])(
    '%s, which is not supported, is a 415 that names the supported ones',
    async (encoding) => {
      const sent = request(text, { 'content-encoding': encoding })
      await expect(read(sent, 100_000)).rejects.toMatchObject({
        type: 'invalid_request_error',
        status: 415,
        message: expect.stringContaining('gzip'),
      })
    },
  )
})

describe('a body that stalls', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test.each([null, 'gzip'])('is refused, with content-encoding %s', async (encoding) => {
    const onLength = vi.fn<(length: number) => void>()
    let isCancelled = false
    const stream = new ReadableStream({ cancel: () => void (isCancelled = true) })
    const headers: Record<string, string> = { 'content-length': '900' }
    if (encoding !== null) headers['content-encoding'] = encoding
    const init = { method: 'POST', body: stream, duplex: 'half', headers } as RequestInit
    const refused = expect(
      read(new Request('http://localhost/', init), 1000, onLength),
    ).rejects.toMatchObject({ type: 'timeout_error', status: 408 })
    await vi.advanceTimersByTimeAsync(20_000)
    await refused
    expect(isCancelled).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    expect(onLength).not.toHaveBeenCalled()
  })

  test('is refused after five minutes, also if a byte comes now and then', async () => {
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 19_000))
        controller.enqueue(Uint8Array.of(32))
      },
    })
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
    const refused = expect(
      read(new Request('http://localhost/', init), 1000),
    ).rejects.toMatchObject({
      status: 408,
      message: 'The request body did not arrive within 300 s.',
    })
    await vi.advanceTimersByTimeAsync(300_000)
    await refused
  })

  test('of a batch or a file may take longer', async () => {
    let left = 30
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 19_000))
        controller.enqueue(Uint8Array.of(32))
        left -= 1
        if (left === 0) controller.close()
      },
    })
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
    const reading = (async () => {
      let length = 0
      for await (const chunk of bodyChunks(new Request('http://localhost/', init))) {
        length += chunk.byteLength
      }
      return length
    })()
    await vi.advanceTimersByTimeAsync(30 * 19_000)
    expect(await reading).toBe(30)
  })

  test('but still arrives piece by piece is read', async () => {
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (const byte of Buffer.from('made up')) {
          await new Promise((resolve) => setTimeout(resolve, 19_999))
          controller.enqueue(Uint8Array.of(byte))
        }
        controller.close()
      },
    })
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
    const reading = read(new Request('http://localhost/', init), 1000)
    await vi.advanceTimersByTimeAsync(7 * 20_000)
    expect(await reading).toBe('made up')
    expect(vi.getTimerCount()).toBe(0)
  })
})
