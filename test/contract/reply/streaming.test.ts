import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { events, type StreamEvent, PACE } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsIn, withoutPings } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import { signedEvents } from '../../support/signing.ts'
import { paceOf, promptFor, REPLIES } from './replies.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

// A limit: the runtime passes on only the types that it knows.
test('an event of an unknown type is left out, and the others are not', async () => {
  const sent: StreamEvent[] = eventsOf(textMessage('Hi.'))
  bench.standin.reply(
    events(sent.toSpliced(2, 0, { type: 'report', of: { tomorrow: true } }), PACE),
  )

  const response = await bench.post(asking('What is new?', { stream: true }))

  expect(withoutPings(await eventsIn(response))).toStrictEqual(sent)
})

describe('a streamed reply has exactly the events of the API', () => {
  test.each(REPLIES)('$title', async ({ title, request, events: sent, chunking }) => {
    bench.standin.reply(events(sent, { chunking, ...paceOf({ events: sent }) }))

    const response = await bench.post(asking(promptFor(title), { ...request, stream: true }))

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    const signed = signedEvents(sent, bench.standin.messages.at(-1))
    expect(withoutPings(await eventsIn(response))).toStrictEqual(signed)
    expect(bench.countOf(promptFor(title))).toBe(1)
  })

  // After many of these the runtime would continue by itself: it had time for that in all the turns
  // since.
  test('and the API got one request for each', async () => {
    expect(await bench.countAfterNextTurn()).toBe(REPLIES.length + 1)
    const counts = REPLIES.map(({ title }) => [title, bench.countOf(promptFor(title))])
    expect(counts).toStrictEqual(REPLIES.map(({ title }) => [title, 1]))
  })
})
