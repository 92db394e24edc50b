import { describe, expect, test } from 'vitest'

import { getModel, listModels } from './models.ts'

const MODELS = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, displayName: id.toUpperCase() }))

function page(query: string) {
  const { data, ...rest } = listModels(new URLSearchParams(query), MODELS, (name) => name)
  return { ids: data.map(({ id }) => id).join(''), ...rest }
}

test('a list has all models up to its limit', () => {
  expect(page('')).toEqual({
    ids: 'abcde',
    has_more: false,
    first_id: 'a',
    last_id: 'e',
    object: 'list',
  })
})

test.each([
  ['limit=2', 'ab', true],
  ['limit=2&after_id=b', 'cd', true],
  ['limit=2&after_id=c', 'de', false],
  ['after_id=e', '', false],
  ['limit=2&before_id=d', 'bc', true],
  ['limit=2&before_id=c', 'ab', false],
  ['before_id=a', '', false],
])('%s gives %s', (query, ids, hasMore) => {
  expect(page(query)).toMatchObject({ ids, has_more: hasMore })
})

test('an empty page has no ids', () => {
  expect(page('after_id=e')).toMatchObject({ first_id: null, last_id: null })
})

describe('a 400', () => {
  test.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'after_id=x',
    'before_id=x',
    'after_id=a&before_id=b',
  ])('is the answer to %s', (query) => {
    expect(() => page(query)).toThrow(expect.objectContaining({ status: 400 }))
  })
})

test('one model is returned, and a 404 for an unknown one', () => {
  expect(getModel('b', MODELS, (name) => name)).toMatchObject({
    type: 'model',
    id: 'b',
    display_name: 'B',
  })
  expect(() => getModel('x', MODELS, (name) => name)).toThrow(
    expect.objectContaining({ status: 404, type: 'not_found_error' }),
  )
})

test('a model is found by each of its names, with its limits', () => {
  const id = 'claude-opus-5-5'
  const models = [{ id, displayName: 'Opus 5.5' }]
  expect(getModel('anthropic/claude-opus-5.5', models, () => id)).toMatchObject({
    id: 'anthropic/claude-opus-5.5',
    display_name: 'Opus 5.5',
    max_input_tokens: 1_000_000,
    max_tokens: 128_000,
    context_length: 1_000_000,
    top_provider: { context_length: 1_000_000, max_completion_tokens: 128_000 },
  })
})
