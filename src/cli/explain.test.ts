import { expect, test } from 'vitest'

import { ConfigError } from '../config/config-error.ts'
import { explain } from './explain.ts'

function systemError(fields: object, message = 'made up'): Error {
  return Object.assign(new Error(message), fields)
}

test.each([
  [systemError({ code: 'EADDRINUSE', port: 42069 }), /^port 42069 is in use\b.*--port/],
  [systemError({ code: 'EACCES', port: 80 }), /port 80\b.*1023.*--port/],
  [systemError({ code: 'EACCES' }, 'spawn /x EACCES'), /^spawn \/x EACCES$/],
  [systemError({ code: 'EADDRNOTAVAIL', address: '10.9.8.7' }), /10\.9\.8\.7.*--host/],
  [systemError({ code: 'ENOTFOUND', address: 'nowhere' }), /nowhere.*--host/],
  [systemError({ code: 'ENOENT' }, 'no such file'), /^no such file$/],
  [new ConfigError('port = x is not allowed'), /^port = x is not allowed$/],
  [new Error('made up'), /^made up$/],
  ['made up', /^made up$/],
])('%s becomes one helpful line', (error, expected) => {
  const [line, ...others] = explain(error)
  expect(others).toEqual([])
  expect(line).toMatch(expected)
  expect(line).not.toContain('\n')
})

test('a host name that does not resolve is named', () => {
  const error = systemError({ code: 'ENOTFOUND', hostname: 'nowhere.example' })
  expect(explain(error)).toEqual([expect.stringContaining('nowhere.example')])
})

test('each problem of a configuration is a line', () => {
  expect(explain(new ConfigError(['one', 'two']))).toEqual(['one', 'two'])
})

test('an error of several lines becomes one line', () => {
  expect(explain(new Error('first line\n    at somewhere\nthird line'))).toEqual(['first line'])
})
