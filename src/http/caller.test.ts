import { expect, test } from 'vitest'

import { callerOf } from './caller.ts'

function nameOf(headers: Record<string, string>): string {
  return callerOf(new Headers(headers))
}

const KEY = 'made-up-key'

test('a caller has one name, whichever header has its key', () => {
  const names = [
    nameOf({ 'x-api-key': KEY }),
    nameOf({ authorization: `Bearer ${KEY}` }),
    nameOf({ authorization: `bearer ${KEY}`, 'x-api-key': KEY }),
    nameOf({ 'x-api-key': KEY, 'user-agent': 'another', cookie: 'a=b' }),
  ]
  expect(new Set(names).size).toBe(1)
})

test('another key, and no key, are other callers', () => {
  const names = [
    nameOf({}),
    nameOf({ 'x-api-key': KEY }),
    nameOf({ 'x-api-key': `${KEY}2` }),
    nameOf({ 'x-api-key': KEY, authorization: `Bearer ${KEY}2` }),
    nameOf({ authorization: `Basic ${KEY}` }),
  ]
  expect(new Set(names).size).toBe(names.length)
})

test('the name of a caller does not reveal the key', () => {
  expect(nameOf({ 'x-api-key': KEY })).not.toContain(KEY)
})
