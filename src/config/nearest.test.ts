import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

const KEYS = ['port', 'host', 'log_level', 'max_processes']

it.each([
  ['prot', 'port'],
  ['hots', 'host'],
  ['LOG-LEVEL', 'log_level'],
  ['maxProcesses', 'max_processes'],
  ['maxproceses', 'max_processes'],
])('%s most likely means %s', (name, key) => {
  expect(nearest(name, KEYS)).toBe(key)
})

it('nothing is near to nothing, however short', () => {
  expect(nearest('', ['pi', 'port'])).toBeUndefined()
  expect(nearest('xy', ['pi'])).toBeUndefined()
})

it('nothing is near to another word', () => {
  expect(nearest('temperature', KEYS)).toBeUndefined()
})
