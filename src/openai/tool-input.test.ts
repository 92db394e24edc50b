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
])('arguments %j become the input %j', (text, input) => {
  expect(toolInput(text)).toEqual(input)
})

test.each([
  ['values without end', `{"x":[${'0,'.repeat(200_000)}`, 'more than 100000 values'],
  ['lists in lists', '['.repeat(200_000), 'values that are nested too deeply'],
])('%s are refused before they are read to their end', (_name, text, reason) => {
  expect(() => toolInput(text)).toThrow(`The request body holds ${reason}.`)
})

test('long arguments are read like short ones', () => {
  const input = { text: 'made up '.repeat(100_000), list: [1, 2] }
  expect(toolInput(JSON.stringify(input))).toEqual(input)
  expect(toolInput(JSON.stringify(input).slice(0, -1))).toHaveProperty('INVALID_JSON')
})
