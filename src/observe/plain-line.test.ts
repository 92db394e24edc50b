import { expect, test } from 'vitest'

import { plainLine } from './plain-line.ts'

test('a text of a client or the API becomes one short line without control characters', () => {
  const hostile = 'a\r\nb\u001B[2J\u009B2J\u2028\u202E'.repeat(1000)
  expect(plainLine(hostile)).toMatch(/^a {2}b \[2J 2J {2}a[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,300}…$/u)
})

test('a short plain text stays unchanged', () => {
  expect(plainLine('claude-sonnet-4-6')).toBe('claude-sonnet-4-6')
  expect(plainLine('é'.repeat(300))).toBe('é'.repeat(300))
})
