import { expect, test } from 'vitest'

import { systemText } from './system.ts'

test('a string is the prompt, as it is', () => {
  expect(systemText('  Be brief.\n')).toBe('  Be brief.\n')
  expect(systemText('')).toBe('')
})

test('blocks are joined by a blank line', () => {
  const blocks = ['Be brief.', 'Be kind.\n'].map((text) => ({ type: 'text' as const, text }))
  expect(systemText(blocks)).toBe('Be brief.\n\nBe kind.\n')
})

test('none is none', () => {
  expect(systemText(undefined)).toBe('')
  expect(systemText([])).toBe('')
})
