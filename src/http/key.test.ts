import { describe, expect, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { checkKey } from './key.ts'

const KEY = 'made-up-key'

function check(headers: Record<string, string>): unknown {
  try {
    checkKey(new Headers(headers), KEY)
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
])('%j is allowed', (headers) => {
  expect(check(headers)).toBe('allowed')
})

describe('401 is the answer', () => {
  test.each<Record<string, string>>([
    { 'x-api-key': 'another' },
    { 'x-api-key': '' },
    { 'x-api-key': `${KEY}${KEY}` },
    { 'x-api-key': KEY.slice(1) },
    { authorization: 'Bearer another' },
    { authorization: KEY },
    { authorization: `Basic ${KEY}` },
    { authorization: 'Bearer' },
    { cookie: `x-api-key=${KEY}` },
    {},
  ])('to %j', (headers) => {
    const refused = check(headers)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({ type: 'authentication_error', status: 401 })
    expect((refused as ApiError).message).not.toContain(KEY)
  })
})
