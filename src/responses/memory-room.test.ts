import { expect, test } from 'vitest'

import { sizeOf } from '../json-pieces.ts'
import { MemoryRoom } from './memory-room.ts'

const OBJECT = { text: 'x'.repeat(1000) }
/** The content of an object, and its own cost. */
const SIZE = sizeOf(OBJECT) + 200

function roomFor(count: number): MemoryRoom<typeof OBJECT> {
  return new MemoryRoom(count * SIZE)
}

test('a full room forgets the object that was not used for longest', () => {
  const room = roomFor(3)
  for (const id of ['a', 'b', 'c']) room.set('ann', id, OBJECT)
  expect(room.get('ann', 'a')).toBe(OBJECT)
  room.set('ann', 'd', OBJECT)
  const kept = ['a', 'b', 'c', 'd'].filter((id) => room.get('ann', id) !== undefined)
  expect(kept).toEqual(['a', 'c', 'd'])
})

test('the client that uses most loses its objects, and others keep theirs', () => {
  const room = roomFor(6)
  room.set('bob', 'old', OBJECT)
  for (let number = 0; number < 50; number += 1) room.set('ann', `${number}`, OBJECT)
  expect(room.get('bob', 'old')).toBe(OBJECT)
  const kept = Array.from({ length: 50 }, (_, number) => `${number}`).filter((id) =>
    room.get('ann', id),
  )
  expect(kept).toEqual(['45', '46', '47', '48', '49'])
})

test('changed and deleted objects leave their room to others', () => {
  const room = roomFor(3)
  for (let number = 0; number < 9; number += 1) room.set('ann', 'a', OBJECT)
  room.set('ann', 'b', OBJECT)
  room.set('bob', 'c', OBJECT)
  expect(room.delete('bob', 'c')).toBe(true)
  expect(room.delete('bob', 'c')).toBe(false)
  room.set('bob', 'd', OBJECT)
  for (const [client, id] of [
    ['ann', 'a'],
    ['ann', 'b'],
    ['bob', 'd'],
  ] as const) {
    expect(room.get(client, id)).toBe(OBJECT)
  }
})

test('an object that is larger than the room is not kept', () => {
  const room = roomFor(0.5)
  room.set('ann', 'a', OBJECT)
  expect(room.get('ann', 'a')).toBeUndefined()
})
