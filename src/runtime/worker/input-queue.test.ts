import { expect, test } from 'vitest'

import { InputQueue } from './input-queue.ts'

async function collect<T>(queue: InputQueue<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of queue) items.push(item)
  return items
}

test('the queue yields earlier values, and then ends', async () => {
  const queue = new InputQueue<number>()
  queue.push(1)
  queue.push(2)
  queue.close()
  expect(await collect(queue)).toEqual([1, 2])
})

test('the queue yields a value while a reader waits', async () => {
  const queue = new InputQueue<number>()
  const collected = collect(queue)
  for (const item of [0, 1, 2]) {
    await Promise.resolve()
    queue.push(item)
  }
  queue.close()
  expect(await collected).toEqual([0, 1, 2])
})

test('the queue yields several values that are pushed at once', async () => {
  const queue = new InputQueue<number>()
  const collected = collect(queue)
  await Promise.resolve()
  queue.push(1)
  queue.push(2)
  queue.close()
  expect(await collected).toEqual([1, 2])
})

test('the queue ends for a waiting reader', async () => {
  const queue = new InputQueue<number>()
  const collected = collect(queue)
  await Promise.resolve()
  queue.close()
  expect(await collected).toEqual([])
})

test('the queue may be closed twice', async () => {
  const queue = new InputQueue<number>()
  queue.close()
  queue.close()
  expect(await collect(queue)).toEqual([])
})
