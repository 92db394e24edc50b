import { expect, test } from 'vitest'

import { modelInfo } from './model.ts'

test('the date of a model is that in its name', () => {
  expect(modelInfo({ id: 'claude-haiku-4-5-20251001', displayName: 'Haiku' })).toMatchObject({
    created_at: '2025-10-01T00:00:00Z',
    created: 1759276800,
  })
})

test.each(['claude-opus-5-5', 'sonnet', 'claude-x-20259999'])(
  'where there is none it is the epoch: %s',
  (id) => {
    expect(modelInfo({ id, displayName: id })).toMatchObject({
      created_at: '1970-01-01T00:00:00Z',
      created: 0,
    })
  },
)
