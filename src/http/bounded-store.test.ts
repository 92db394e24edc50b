import { expect, test } from 'vitest'

import { BoundedStore } from './bounded-store.ts'

function keysIn(store: BoundedStore<string>, keys: string): string {
  return keys
    .split('')
    .filter((key) => store.get(key) !== undefined)
    .join('')
}

test('what was not asked for longest goes when there is no room', () => {
  const store = new BoundedStore<string>(10)
  store.set('a', 'A', 4)
  store.set('b', 'B', 4)
  expect(store.get('a')).toBe('A')
  store.set('c', 'C', 4)
  expect(keysIn(store, 'abc')).toBe('ac')
})

test('as much goes as is needed', () => {
  const store = new BoundedStore<string>(10)
  for (const key of 'abcde') store.set(key, key, 2)
  store.set('f', 'f', 5)
  expect(keysIn(store, 'abcdef')).toBe('def')
})

test('a value that is set anew counts once', () => {
  const store = new BoundedStore<string>(10)
  store.set('a', 'A', 6)
  store.set('a', 'B', 6)
  store.set('b', 'B', 4)
  expect(store.get('a')).toBe('B')
  expect(store.get('b')).toBe('B')
})

test('what was deleted makes room', () => {
  const store = new BoundedStore<string>(10)
  store.set('a', 'A', 6)
  expect(store.delete('a')).toBe(true)
  expect(store.delete('a')).toBe(false)
  store.set('b', 'B', 6)
  store.set('c', 'C', 4)
  expect(keysIn(store, 'abc')).toBe('bc')
})

test('what is larger than all of it is not kept', () => {
  const store = new BoundedStore<string>(10)
  store.set('a', 'A', 11)
  expect(store.get('a')).toBeUndefined()
})
