import { describe, expect, test } from 'vitest'

import { shelfTests, storedResponse } from '../../test/support/shelf-tests.ts'
import { sizeOf } from '../json-pieces.ts'
import { MemoryResponses } from './memory-responses.ts'
import { memoryShelf } from './memory-shelf.ts'

describe('in memory', () =>
  shelfTests(() => Promise.resolve({ shelf: memoryShelf(), remove: () => Promise.resolve() })))

/** The content of an object, and its own cost. */
const SIZE = sizeOf(storedResponse('resp_a')) + 200

test('a chain of responses is refused if a part of it was forgotten', async () => {
  const store = new MemoryResponses(Math.ceil(2.5 * SIZE)).of('one')
  await store.add(storedResponse('resp_a'))
  await store.add(storedResponse('resp_b', 'resp_a'))
  await store.add(storedResponse('resp_c', 'resp_b'))
  await expect(store.past('resp_c')).rejects.toThrow(/there is no response 'resp_a'/)
})

test('continued responses are kept longer than others', async () => {
  const store = new MemoryResponses(Math.ceil(2.5 * SIZE)).of('one')
  await store.add(storedResponse('resp_a'))
  await store.add(storedResponse('resp_b'))
  await store.past('resp_a')
  await store.add(storedResponse('resp_c'))
  expect((await store.get('resp_a')).id).toBe('resp_a')
  await expect(store.get('resp_b')).rejects.toThrow(/resp_b/)
})
