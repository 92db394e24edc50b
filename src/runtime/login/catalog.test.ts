import { expect, test } from 'vitest'

import { catalogOf } from './catalog.ts'
import type { ListedModel } from './listed-model.ts'

function row(value: string, resolvedModel: string, displayName: string, description: string) {
  return { value, resolvedModel, displayName, description } satisfies ListedModel
}

test('models come first, once each with their full names, and aliases after them', () => {
  const catalog = catalogOf([
    row('default', 'claude-opus-5-5', 'Default (recommended)', 'Use the default model'),
    row('opus', 'claude-opus-5-5', 'Opus', 'Opus 5.5 · For complex tasks · $4/$20'),
    row('sonnet', 'claude-sonnet-5-5', 'Sonnet', 'Sonnet 5.5 · Efficient'),
    row('claude-sonnet-4-6', 'claude-sonnet-4-6', 'Sonnet 4.6', 'Newer version available'),
  ])
  expect(catalog).toEqual([
    { id: 'claude-opus-5-5', displayName: 'Opus 5.5' },
    { id: 'claude-sonnet-5-5', displayName: 'Sonnet 5.5' },
    { id: 'claude-sonnet-4-6', displayName: 'Sonnet 4.6' },
    { id: 'default', displayName: 'Default (recommended)' },
    { id: 'opus', displayName: 'Opus' },
    { id: 'sonnet', displayName: 'Sonnet' },
  ])
})

test('a row without a model of its own is a model', () => {
  expect(catalogOf([{ value: 'custom', displayName: 'Mine', description: '' }])).toEqual([
    { id: 'custom', displayName: 'Mine' },
  ])
})
