import { expect, test } from 'vitest'

import { modelInfo, withAliases } from './model.ts'

test('the date of a model comes from its name', () => {
  expect(
    modelInfo({ id: 'haiku', displayName: 'Haiku' }, 'claude-haiku-4-5-20251001'),
  ).toMatchObject({
    created_at: '2025-10-01T00:00:00Z',
    created: 1759276800,
  })
})

test.each(['claude-opus-5-5', 'sonnet', 'claude-x-20259999'])(
  'a model without a date in its name has the date of the epoch: %s',
  (id) => {
    expect(modelInfo({ id, displayName: id }, id)).toMatchObject({
      created_at: '1970-01-01T00:00:00Z',
      created: 0,
    })
  },
)

test('an alias has the limits of its model; unknown limits are absent', () => {
  const limits = { max_input_tokens: 200_000, max_tokens: 64_000, context_length: 200_000 }
  const named = { id: 'haiku', displayName: 'Haiku' }
  expect(modelInfo(named, 'claude-haiku-4-5')).toMatchObject({ id: 'haiku', ...limits })
  const unknown = modelInfo(named, 'haiku')
  expect(unknown).toMatchObject({ max_input_tokens: null, max_tokens: null })
  expect(unknown).not.toHaveProperty('context_length')
})

test('aliases with plain names follow the models, and replace models of the same name', () => {
  const models = ['opus', 'haiku'].map((id) => ({ id, displayName: id }))
  const aliases = [
    { name: 'gpt-4o', model: 'opus' },
    { name: 'gpt-*', model: 'haiku' },
    { name: 'haiku', model: 'opus' },
  ]
  expect(withAliases(models, aliases)).toEqual([
    { id: 'opus', displayName: 'opus' },
    { id: 'gpt-4o', displayName: 'gpt-4o (opus)' },
    { id: 'haiku', displayName: 'haiku (opus)' },
  ])
})

test('an alias has the capabilities of its model; unknown capabilities are null', () => {
  const capabilities = { effort: { supported: true } }
  const models = withAliases(
    [
      { id: 'opus', displayName: 'Opus', capabilities },
      { id: 'other', displayName: 'Other' },
    ],
    [{ name: 'gpt-4o', model: 'opus' }],
  )
  const told = models.map((model) => [model.id, modelInfo(model, model.id).capabilities])
  expect(told).toEqual([
    ['opus', capabilities],
    ['other', null],
    ['gpt-4o', capabilities],
  ])
})
