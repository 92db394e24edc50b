import { expect, test } from 'vitest'

import { never, REPLY, source } from '../../test/support/source.ts'
import { type ChoiceEvent, mergeChoices } from './choices.ts'

async function read(events: AsyncIterable<{ type: string }>): Promise<ChoiceEvent[]> {
  const all: ChoiceEvent[] = []
  for await (const event of events) all.push(event as ChoiceEvent)
  return all
}

test('all events of all replies arrive, those of each reply in order', async () => {
  const events = await read(mergeChoices([source(REPLY).events, source(REPLY).events]))
  for (const index of [0, 1]) {
    const own = events.filter((event) => event.index === index)
    expect(own.map(({ event }) => event)).toEqual(REPLY)
  }
  expect(events).toHaveLength(2 * REPLY.length)
})

test('a silent reply does not delay another', async () => {
  const merged = mergeChoices([source([never]).events, source(REPLY.slice(0, 1)).events])
  expect(await merged.next()).toMatchObject({ value: { index: 1, event: REPLY[0] } })
  await merged.return?.()
})

test('an error in one reply ends all', async () => {
  const failing = source([...REPLY.slice(0, 1), new Error('made up')])
  const other = source([...REPLY.slice(0, 1), never])
  await expect(read(mergeChoices([failing.events, other.events]))).rejects.toThrow('made up')
  expect(other.returned).toHaveBeenCalled()
})

test('a reader that leaves ends all replies, also while it waits', async () => {
  const sources = [source([never]), source([never])]
  const merged = mergeChoices(sources.map(({ events }) => events))
  const waiting = merged.next()
  await merged.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })
  for (const { returned } of sources) expect(returned).toHaveBeenCalled()
})
