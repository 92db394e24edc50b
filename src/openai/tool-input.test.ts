import { expect, test } from 'vitest'

import { toolInput } from './tool-input.ts'

test.each<[string, object]>([
  ['{"city":"Oslo"}', { city: 'Oslo' }],
  ['', {}],
  ['  ', {}],
  ['{"city":"Os', { INVALID_JSON: '{"city":"Os' }],
  ['"Oslo"', { INVALID_JSON: '"Oslo"' }],
  ['[1]', { INVALID_JSON: '[1]' }],
  ['null', { INVALID_JSON: 'null' }],
])('arguments %j are the input %j', (text, input) => {
  expect(toolInput(text)).toEqual(input)
})
