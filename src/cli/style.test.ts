import { expect, test } from 'vitest'

import { colored, paintFor, plain, wrap } from './style.ts'

test.each([
  ['a terminal', { isTTY: true }, {}, colored],
  ['a pipe', {}, {}, plain],
  ['a terminal whose user wants none', { isTTY: true }, { NO_COLOR: '1' }, plain],
  ['a terminal that has none', { isTTY: true }, { TERM: 'dumb' }, plain],
])('%s has its colours', (_name, stream, env, expected) => {
  expect(paintFor(stream, env)).toBe(expected)
})

test('a look ends with its text', () => {
  expect(colored('red', 'stop')).toBe('\u001B[31mstop\u001B[0m')
})

test('lines are filled, and a long word stands alone', () => {
  expect(wrap('a bb ccc dddddddd e', 6)).toEqual(['a bb', 'ccc', 'dddddddd', 'e'])
})
