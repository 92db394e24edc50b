import { expect, it } from 'vitest'
import { editDistance, nearest } from './nearest.ts'

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['port', 'prot', 2],
  ['log_levl', 'log_level', 1],
  ['😀', 'a', 2],
])('%j and %j are %i edits apart, either way', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance)
  expect(editDistance(to, from)).toBe(distance)
})

const KEYS = ['port', 'host', 'log_level', 'max_processes']

it.each([
  ['prot', 'port'],
  ['hots', 'host'],
  ['LOG-LEVEL', 'log_level'],
  ['maxProcesses', 'max_processes'],
])('%s most likely means %s', (name, key) => {
  expect(nearest(name, KEYS)).toBe(key)
})

it('nothing is near to another word', () => {
  expect(nearest('temperature', KEYS)).toBeUndefined()
})
