import { expect, test } from 'vitest'

import { ModelNames } from './model-names.ts'

function names() {
  return new ModelNames((model) => model.startsWith('claude-'))
}

test('a listed model has a count of its own, whether it answered or not', () => {
  expect(names().nameOf({ model: 'claude-opus-5-5' })).toBe('claude-opus-5-5')
  expect(names().nameOf({ model: 'sonnet', answeredBy: 'claude-sonnet-5-5' })).toBe(
    'claude-sonnet-5-5',
  )
})

test('a name that a client made up has no count of its own', () => {
  expect(names().nameOf({ model: 'made-up' })).toBe('other')
})

test('only a limited number of names from a gateway have counts of their own', () => {
  const all = names()
  const counted = new Set<string>()
  for (let index = 0; index < 1000; index++) {
    counted.add(all.nameOf({ model: 'x', answeredBy: `made-up-${index}` }))
  }
  expect(counted.size).toBe(21)
  expect(all.nameOf({ model: 'x', answeredBy: 'made-up-0' })).toBe('made-up-0')
  expect(all.nameOf({ model: 'x', answeredBy: 'made-up-999' })).toBe('other')
  expect(all.nameOf({ model: 'x', answeredBy: 'claude-opus-5-5' })).toBe('claude-opus-5-5')
})

test('a name of any length becomes a short line', () => {
  const name = names().nameOf({ model: 'x', answeredBy: `${'y'.repeat(100_000)}\n` })
  expect(name.length).toBeLessThan(400)
})
