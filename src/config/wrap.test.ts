import { expect, test } from 'vitest'

import { wrap } from './wrap.ts'

test('lines are filled, and a long word has a line of its own', () => {
  expect(wrap('a bb ccc dddddddd e', 6)).toEqual(['a bb', 'ccc', 'dddddddd', 'e'])
})
