import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const KEYS = ['port', 'host', 'log_level', 'max_processes']

it.each([
  ['prot', 'port'],
  ['hots', 'host'],
  ['LOG-LEVEL', 'log_level'],
  ['maxProcesses', 'max_processes'],
  ['maxproceses', 'max_processes'],
])('%s is a likely typing error for %s', (name, key) => {
  expect(nearest(name, KEYS)).toBe(key)
})

it('no word is near to an empty one', () => {
  expect(nearest('', ['pi', 'port'])).toBeUndefined()
  expect(nearest('xy', ['pi'])).toBeUndefined()
})

it('a different word is not near', () => {
  expect(nearest('temperature', KEYS)).toBeUndefined()
})
