import { expect, test } from 'vitest'

import { colored, isCapable, paintFor, plain } from './style.ts'

test.each([
  ['a terminal', { isTTY: true }, {}, colored],
  ['a pipe', {}, {}, plain],
  ['a terminal whose user wants none', { isTTY: true }, { NO_COLOR: '1' }, plain],
  ['a terminal that has none', { isTTY: true }, { TERM: 'dumb' }, plain],
])('%s has its colours', (_name, stream, env, expected) => {
  expect(paintFor(stream, env)).toBe(expected)
})

test('the style ends with its text', () => {
  expect(colored('red', 'stop')).toBe('\u001B[31mstop\u001B[39m')
})

test('a dumb terminal and a pipe get no moving lines', () => {
  expect(isCapable({ isTTY: true }, { TERM: 'xterm' })).toBe(true)
  expect(isCapable({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
  expect(isCapable({}, { TERM: 'xterm' })).toBe(false)
})
