import { expect, test } from 'vitest'

import { Deferred } from './deferred.ts'
import { shared } from './shared.ts'

test('who asks while an answer is under way gets that one, and who asks later another', async () => {
  const answers = [new Deferred<string>(), new Deferred<string>()]
  let asked = 0
  const ask = shared(() => (answers[asked++] as Deferred<string>).promise)

  const together = [ask(), ask(), ask()]
  expect(asked).toBe(1)
  answers[0]?.resolve('first')
  expect(await Promise.all(together)).toEqual(['first', 'first', 'first'])

  answers[1]?.resolve('second')
  expect(await ask()).toBe('second')
})

test('a failure is told to all who wait, and does not last', async () => {
  const answers = [Promise.reject(new Error('made up')), Promise.resolve('fine')]
  const ask = shared(() => answers.shift() as Promise<string>)
  const together = [ask(), ask()]
  expect(await Promise.allSettled(together)).toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ])
  expect(await ask()).toBe('fine')
})
