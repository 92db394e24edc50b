import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { events, hang, stall } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome } from '../../support/compare-events.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import type { MessageRequest } from '../../support/standin.ts'

/** A reply up to its first delta. */
const OPENING = eventsOf(textMessage('A long story of many words.')).slice(0, 3)

let bench: Bench
let url: string

beforeAll(async () => {
  bench = await startBench({ host: '127.0.0.1' })
  url = (await bench.proxy.listen()).url
})

afterEach(() => bench.standin.reset())

afterAll(() => bench.close())

type Send = (body: object, signal: AbortSignal) => Promise<Response>

const overSocket: Send = (body, signal) =>
  fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body), signal })

const inMemory: Send = (body, signal) => bench.post(body, { signal })

const TRANSPORTS: [name: string, send: Send][] = [
  ['over a socket', overSocket],
  ['in memory', inMemory],
]

describe.each(TRANSPORTS)('a client that leaves, %s', (_, send) => {
  test('after the first delta of a stream', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const response = await send(asking('Tell.', { stream: true }), leaving.signal)
    for await (const event of eventsAsTheyCome(response)) {
      if (event.type === 'content_block_delta') break
    }

    await expectGone(() => leaving.abort())
    await expectToWork()
  })

  test('by cancelling the body of a stream', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const response = await send(asking('Tell.', { stream: true }), new AbortController().signal)
    const reader = response.body?.getReader()
    await reader?.read()

    await expectGone(() => void reader?.cancel())
    await expectToWork()
  })

  test.each([true, false])('before the first event (stream: %s)', async (stream) => {
    bench.standin.reply(stall())
    const leaving = new AbortController()
    const arrived = bench.standin.nextMessage()
    const answered = send(asking('Tell.', { stream }), leaving.signal)
    const outcome = answered.then(
      () => 'answered',
      () => 'aborted',
    )
    await arrived

    await expectGone(() => leaving.abort())
    await outcome
    await expectToWork()
  })

  test('while a whole reply is made', async () => {
    bench.standin.reply(events([...OPENING, hang()]))
    const leaving = new AbortController()
    const arrived = bench.standin.nextMessage()
    const outcome = send(asking('Tell.'), leaving.signal).then(
      () => 'answered',
      () => 'aborted',
    )
    await arrived

    await expectGone(() => leaving.abort())
    await outcome
    await expectToWork()
  })

  test('before the runtime was ready: nothing is requested', async () => {
    const leaving = new AbortController()
    const outcome = send(asking('Never mind.'), leaving.signal).then(
      () => 'answered',
      () => 'aborted',
    )
    leaving.abort()
    await outcome

    await expectToWork()
    expect(bench.countOf('Never mind.')).toBe(0)
  })
})

/** Leaves, and waits for the end of the request upstream. The process continues to serve others. */
async function expectGone(leave: () => void): Promise<void> {
  const request = bench.standin.messages.at(-1) as MessageRequest
  leave()
  // The answer hangs: only the client's leaving ends it before the test times out.
  await request.closed
  expect(request.aborted).toBe(true)
}

/** The same conversation, sent again, is answered, and there was no other request in between. */
async function expectToWork(): Promise<void> {
  const count = bench.standin.messages.length
  const response = await bench.post(asking('Tell.'))
  expect(response.status).toBe(200)
  await response.text()
  expect(bench.standin.messages).toHaveLength(count + 1)
}
