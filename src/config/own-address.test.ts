import { expect, test } from 'vitest'

import { isOwnAddress } from './own-address.ts'

test.each([
  ['http://localhost:42069', true],
  ['http://127.0.0.1:42069/', true],
  ['http://[::1]:42069/v1', true],
  ['http://0.0.0.0:42069', true],
  ['http://localhost:42070', false],
  ['https://api.anthropic.com', false],
  ['http://example.test:42069', false],
  ['localhost', false],
  [undefined, false],
])('%s leads to port 42069: %s', (url, expected) => {
  expect(isOwnAddress(42069, url)).toBe(expected)
})
