import { expect, test } from 'vitest'

import { modelAliases } from './model-aliases.ts'

test.each([
  ['gpt-4o = claude-sonnet-5-5', [{ name: 'gpt-4o', model: 'claude-sonnet-5-5' }]],
  [
    'gpt-4o=opus,gpt-*=haiku',
    [
      { name: 'gpt-4o', model: 'opus' },
      { name: 'gpt-*', model: 'haiku' },
    ],
  ],
  ['* = sonnet[1m]', [{ name: '*', model: 'sonnet[1m]' }]],
])('%j is a list of aliases', (text, aliases) => {
  expect(modelAliases.parse(text)).toEqual(aliases)
  expect(modelAliases.accepts(aliases)).toBe(true)
})

test.each([
  'gpt-4o',
  'gpt-4o =',
  '= opus',
  'a = b = c',
  'a = b,',
  'a = b, a = c',
  'a b = c',
  'a = c*',
])('%j is an empty list', (text) => {
  expect(modelAliases.parse(text)).toBeUndefined()
})

test.each([
  null,
  'a',
  [null],
  [{ name: 'a' }],
  [{ name: 'a', model: 5 }],
  [{ name: 'a,b', model: 'c' }],
])('%j is no list of aliases', (value) => {
  expect(modelAliases.accepts(value)).toBe(false)
})
