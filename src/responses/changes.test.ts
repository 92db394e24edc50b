import { expect, test } from 'vitest'

import { Changes } from './changes.ts'

const LONG = 50_000

test('a change is told to all who wait for this response, and to no one else', async () => {
  const changes = new Changes()
  const [one, two, other] = [changes.next('a'), changes.next('a'), changes.next('b')]
  let isOver = false
  const waiting = other.within(LONG).then(() => (isOver = true))
  changes.tell('a')
  // One of them waits only after the change.
  await Promise.all([one.within(LONG), two.within(LONG)])
  expect(isOver).toBe(false)
  // Announcements may have been missed: any response may have changed.
  changes.tell(undefined)
  await waiting
  for (const change of [one, two, other]) change.forget()
})

test('a wait without a change ends after its time', async () => {
  const change = new Changes().next('a')
  await change.within(1)
  change.forget()
})
