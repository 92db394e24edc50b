import { expect, test } from 'vitest'

import { atOnce, inSteps } from '../steps.ts'
import { CanonicalHash } from './canonical-hash.ts'

const LONG = 70_000

function hashOf(value: unknown): string {
  const hash = new CanonicalHash('')
  atOnce(hash.add(value))
  return hash.digest()
}

test('the order of keys makes no difference, and every other difference counts', () => {
  expect(hashOf({ a: 1, b: [{ c: 2, d: null }] })).toBe(hashOf({ b: [{ d: null, c: 2 }], a: 1 }))
  const values = [{ a: 1 }, { a: '1' }, { a: [1] }, [{ a: 1 }], { a: null }, {}, [], '', 'a', ['a']]
  expect(new Set(values.map(hashOf)).size).toBe(values.length)
})

test('long texts differ by each character, also at the border of two pieces', () => {
  const start = 'a'.repeat(64 * 1024 - 1)
  const end = 'a'.repeat(1000)
  expect(hashOf(`${start}😀${end}`)).not.toBe(hashOf(`${start}😁${end}`))
  expect(hashOf(`${start}b${end}`)).not.toBe(hashOf(`${start}a${end}`))
})

test('a long text never equals two texts, nor two texts one', () => {
  const [first, second] = ['a'.repeat(LONG), 'b'.repeat(LONG)]
  expect(hashOf([first, second])).not.toBe(hashOf([`${first},${second}`]))
  expect(hashOf({ text: first, z: 1 })).not.toBe(hashOf({ text: `${first},"z":1` }))
})

test.each([
  ['a text of many megabytes', 'a'.repeat(3_000_000)],
  ['very many values', Array.from({ length: 50_000 }, () => ({ a: 1 }))],
])('%s is hashed with pauses for other work', async (_name, value) => {
  let pauses = 0
  let now = 0
  const hash = new CanonicalHash('')
  const pause = () => Promise.resolve((pauses += 1))
  await inSteps(hash.add(value), pause, () => (now += 6))
  expect(pauses).toBeGreaterThan(20)
  expect(hash.digest()).toBe(hashOf(value))
})
