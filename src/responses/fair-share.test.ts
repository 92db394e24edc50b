import { expect, test } from 'vitest'

import { fairShare } from './fair-share.ts'

test('only the clients that use most have to give room', () => {
  expect(fairShare([], 10)).toBe(Infinity)
  expect(fairShare([3, 7], 10)).toBe(Infinity)
  expect(fairShare([12], 10)).toBe(10)
  expect(fairShare([2, 9], 10)).toBe(8)
  expect(fairShare([9, 2, 9], 10)).toBe(4)
  expect(fairShare([6, 6, 6], 9)).toBe(3)
})
