import { expect, test } from 'vitest'

import { ClientLeft } from '../refusals.ts'
import { Bodies } from './bodies.ts'

const OVERLOADED = { type: 'overloaded_error', status: 529, retryAfter: 5 }

/** A body of so many bytes: a number. */
function request(length: number, init: RequestInit = {}): Request {
  return new Request('http://localhost/', { method: 'POST', body: '1'.repeat(length), ...init })
}

async function filled(count: number): Promise<{ bodies: Bodies; first: Request }> {
  const bodies = new Bodies(100)
  const requests = Array.from({ length: count }, () => request(100))
  for (const each of requests) await bodies.readJson(each)
  return { bodies, first: requests[0] as Request }
}

test('the total size of bodies is limited, and a released body frees its part', async () => {
  const { bodies, first } = await filled(8)
  await expect(bodies.readJson(request(1))).rejects.toMatchObject(OVERLOADED)
  bodies.release(first)
  expect(await bodies.readJson(request(100))).toBeGreaterThan(1e99)
  await expect(bodies.readJson(request(1))).rejects.toMatchObject(OVERLOADED)
})

test('a refused body takes no room', async () => {
  const { bodies } = await filled(7)
  const refused = request(101)
  await expect(bodies.readJson(refused)).rejects.toMatchObject({ status: 413 })
  bodies.release(refused)
  await bodies.readJson(request(100))
  await expect(bodies.readJson(request(1))).rejects.toMatchObject(OVERLOADED)
})

test('an announced length takes no room', async () => {
  const bodies = new Bodies(100)
  for (let index = 0; index < 9; index += 1) {
    const headers = { 'content-length': '100' }
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.of(49)) })
    const init = { method: 'POST', body: stream, duplex: 'half', headers } as RequestInit
    void bodies.readJson(new Request('http://localhost/', init)).catch(() => {})
  }
  expect(await bodies.readJson(request(1))).toBe(1)
})

test.each(['abc', '-1', '1e99', ''])(
  'a length of %j does not switch the limit off',
  async (length) => {
    const { bodies } = await filled(7)
    await bodies.readJson(request(50, { headers: { 'content-length': length } }))
    await expect(bodies.readJson(request(100))).rejects.toMatchObject(OVERLOADED)
    await expect(bodies.readJson(request(101))).rejects.toMatchObject({ status: 413 })
  },
)

test('a body that is released twice frees its room once', async () => {
  const { bodies, first } = await filled(8)
  bodies.release(first)
  bodies.release(first)
  await bodies.readJson(request(100))
  await expect(bodies.readJson(request(1))).rejects.toMatchObject(OVERLOADED)
})

test.each(['before', 'while it is read', 'right after'])(
  'a request is not read if its client left %s',
  async (when) => {
    const bodies = new Bodies(1_000_000)
    const leaving = new AbortController()
    if (when === 'before') leaving.abort()
    const reading = bodies.readJson(request(300_000, { signal: leaving.signal }))
    if (when === 'while it is read') leaving.abort()
    else setImmediate(() => leaving.abort())
    await expect(reading).rejects.toBeInstanceOf(ClientLeft)
  },
)
