import { expect, test } from 'vitest'

import { LEFT_OUT_HEADER, leftOutHeaders } from './left-out.ts'

function valueFor(names: string[]): string | undefined {
  return leftOutHeaders(names)[LEFT_OUT_HEADER]
}

test('each part that was left out is named once', () => {
  expect(valueFor(['temperature', 'tools[3]: file_search', 'temperature'])).toBe(
    'temperature, tools[3]: file_search',
  )
})

test('a request that was sent whole has no such header', () => {
  expect(leftOutHeaders([])).toEqual({})
})

test('the header is valid for any names, and has one entry for each', () => {
  const value = valueFor(['a\r\nset-cookie: b', 'ключ', 'c,d', 'e'.repeat(5000)])
  expect(value).toMatch(/^a\?set-cookie: b, \?, c\?d, e+\.\.\.$/)
  expect(() => new Headers(leftOutHeaders([value ?? '']))).not.toThrow()
  expect(value?.length).toBeLessThan(1100)
})
