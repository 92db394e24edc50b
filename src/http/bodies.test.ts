import { expect, test } from 'vitest'

import { Bodies } from './bodies.ts'

const OVERLOADED = { type: 'overloaded_error', status: 529, retryAfter: 5 }

function request(length: number, headers: Record<string, string> = {}): Request {
  return new Request('http://localhost/', { method: 'POST', body: 'a'.repeat(length), headers })
}

test('what is held together is bounded, and the place is free again once one is released', async () => {
  const bodies = new Bodies(100)
  const first = request(100)
  await bodies.read(first)
  for (let index = 0; index < 7; index += 1) await bodies.read(request(100))
  await expect(bodies.read(request(1))).rejects.toMatchObject(OVERLOADED)
  bodies.release(first)
  expect(await bodies.read(request(100))).toHaveLength(100)
  await expect(bodies.read(request(1))).rejects.toMatchObject(OVERLOADED)
})

test('one that is refused leaves nothing behind', async () => {
  const bodies = new Bodies(100)
  for (let index = 0; index < 7; index += 1) await bodies.read(request(100))
  const refused = request(101)
  await expect(bodies.read(refused)).rejects.toMatchObject({ status: 413 })
  bodies.release(refused)
  expect(await bodies.read(request(100))).toHaveLength(100)
})

test('a length that is announced counts before the body is there', async () => {
  const bodies = new Bodies(100)
  for (let index = 0; index < 8; index += 1) {
    await bodies.read(request(1, { 'content-length': '100' }))
  }
  const sent = request(1)
  await expect(bodies.read(sent)).rejects.toMatchObject(OVERLOADED)
})

test('releasing twice frees one place', async () => {
  const bodies = new Bodies(100)
  const first = request(100)
  await bodies.read(first)
  for (let index = 0; index < 7; index += 1) await bodies.read(request(100))
  bodies.release(first)
  bodies.release(first)
  await bodies.read(request(100))
  await expect(bodies.read(request(1))).rejects.toMatchObject(OVERLOADED)
})
