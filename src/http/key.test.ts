import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { hashOf, namedKey, plainKey } from '../config/keys/client-key.ts'
import { ApiError } from '../errors.ts'
import { checkKey } from './key.ts'

const KEY = 'made-up-key'

function check(headers: Record<string, string>, keys = [KEY]): unknown {
  try {
    // It returns the valid key, not another one that was sent.
    const all = keys.map((key) => plainKey(key))
    expect(all).toContain(checkKey(new Headers(headers), all))
    return 'allowed'
  } catch (error) {
    return error
  }
}

test.each([
  { 'x-api-key': KEY },
  { 'X-API-Key': KEY },
  { authorization: `Bearer ${KEY}` },
  { authorization: `BEARER   ${KEY}` },
  { 'x-api-key': KEY, authorization: 'Bearer another' },
  { 'x-api-key': 'another', authorization: `Bearer ${KEY}` },
  { 'x-api-key': '', authorization: `Bearer ${KEY}` },
  { 'x-api-key': `${KEY}, ${KEY}` },
  { 'x-api-key': `another, ${KEY}` },
  { authorization: `Bearer another, Bearer ${KEY}` },
])('%j is allowed', (headers) => {
  expect(check(headers)).toBe('allowed')
})

describe('a 401 is the answer', () => {
  test.each<Record<string, string>>([
    { 'x-api-key': 'another' },
    { 'x-api-key': '' },
    { 'x-api-key': `${KEY}${KEY}` },
    { 'x-api-key': KEY.slice(1) },
    { authorization: 'Bearer another' },
    { authorization: KEY },
    { authorization: `Basic ${KEY}` },
    { authorization: 'Bearer' },
    { 'x-api-key': ['a', 'b', 'c', 'd', KEY].join(', ') },
    { 'x-api-key': `another,${KEY}` },
    { cookie: `x-api-key=${KEY}` },
    {},
  ])('to %j', (headers) => {
    const refused = check(headers)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ type: 'authentication_error', status: 401 })
    expect((refused as ApiError).message).not.toContain(KEY)
  })
})

test('each of several keys is valid, and a request without a key is refused', () => {
  const keys = ['made-up-old', KEY]
  expect(check({ 'x-api-key': KEY }, keys)).toBe('allowed')
  expect(check({ authorization: 'Bearer made-up-old' }, keys)).toBe('allowed')
  expect(check({ 'x-api-key': 'made-up-other' }, keys)).toMatchObject({ status: 401 })
  expect(check({ 'x-api-key': KEY }, [])).toMatchObject({ status: 401 })
})

test('a request is allowed only with one of the keys', () => {
  const key = fc.stringMatching(/^[\x21-\x7E]{1,40}$/)
  fc.assert(
    fc.property(key, key, fc.constantFrom('x-api-key', 'authorization'), (held, sent, name) => {
      const value = name === 'authorization' ? `Bearer ${sent}` : sent
      expect(check({ [name]: value }, [held]) === 'allowed').toBe(held === sent)
      expect(check({ [name]: value }, [held, sent])).toBe('allowed')
    }),
  )
})

test('a stored hash allows the key itself, and refuses the hash', () => {
  const ann = namedKey('ann', hashOf('made-up-ann'), {})
  const bob = namedKey('bob', 'made-up-bob', {})
  if (ann === undefined || bob === undefined) throw new Error('These are keys.')
  const requireKey = (key: string) => checkKey(new Headers({ 'x-api-key': key }), [ann, bob]).name
  expect([requireKey('made-up-ann'), requireKey('made-up-bob')]).toEqual(['ann', 'bob'])
  expect(() => requireKey(hashOf('made-up-ann'))).toThrow('invalid x-api-key')
})
