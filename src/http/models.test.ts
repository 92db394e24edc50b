import { describe, expect, test } from 'vitest'

import { getModel, listModels } from './models.ts'

const MODELS = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, displayName: id.toUpperCase() }))

function page(query: string) {
  const { data, ...rest } = listModels(new URLSearchParams(query), MODELS)
  return { ids: data.map(({ id }) => id).join(''), ...rest }
}

test('a list has all that fit', () => {
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

test('an empty page names no ids', () => {
  expect(page('after_id=e')).toMatchObject({ first_id: null, last_id: null })
})

describe('a 400 for', () => {
  test.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'after_id=x',
    'before_id=x',
    'after_id=a&before_id=b',
  ])('%s', (query) => {
    expect(() => page(query)).toThrow(expect.objectContaining({ status: 400 }))
  })
})

test('one model, and a 404 for one that is not there', () => {
  expect(getModel('b', MODELS)).toMatchObject({ type: 'model', id: 'b', display_name: 'B' })
  expect(() => getModel('x', MODELS)).toThrow(
    expect.objectContaining({ status: 404, type: 'not_found_error' }),
  )
})
