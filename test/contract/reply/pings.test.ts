import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { events } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome, eventsIn, withoutPings } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage } from '../../support/messages.ts'

const PING = { type: 'ping' }

let bench: Bench

beforeAll(async () => {
  bench = await startBench({ pingInterval: 20 })
})

afterAll(() => bench.close())

test('a stream has pings while the API is silent, and continues unchanged', async () => {
  const gate = makeGate()
  const sent = eventsOf(textMessage('It took a while.'))
  bench.standin.reply(events([...sent.slice(0, 3), gate.pass, ...sent.slice(3)]))

  const response = await bench.post(asking('Think about it.', { stream: true }))
  const received = []
  for await (const event of eventsAsTheyCome(response)) {
    received.push(event)
    if (received.filter(({ type }) => type === 'ping').length === 3) gate.open()
  }

  expect(received.filter(({ type }) => type === 'ping')).toContainEqual(PING)
  expect(withoutPings(received)).toStrictEqual(sent)
})

test('a stream with regular events has no pings, not even those of the API', async () => {
  const slow = await startBench({ pingInterval: 60_000 })
  onTestFinished(() => slow.close())
  const sent = eventsOf(textMessage('It took no time.'))
  slow.standin.reply(events(sent.flatMap((event) => [event, PING])))

  const response = await slow.post(asking('Be quick.', { stream: true }))

  expect(await eventsIn(response)).toStrictEqual(sent)
})

test('a whole reply arrives after a silence', async () => {
  const gate = makeGate()
  const message = textMessage('It took a while.')
  const sent = eventsOf(message)
  bench.standin.reply(events([...sent.slice(0, 3), gate.pass, ...sent.slice(3)]))

  const asked = bench.standin.nextMessage()
  const answered = bench.post(asking('Think about it.'))
  await asked
  gate.open()

  expect(await (await answered).json()).toStrictEqual(message)
})
