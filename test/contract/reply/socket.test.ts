import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { error, events } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { eventsAsTheyCome, eventsIn, withoutPings } from '../../support/compare-events.ts'
import { makeGate } from '../../support/gate.ts'
import { paceOf, promptFor, REPLIES } from './replies.ts'

/** Properties of a reply that only a socket could break. */
const SOME = ['characters of several bytes, cut inside', 'a long text in many pieces', 'no content']

let bench: Bench
let url: string

beforeAll(async () => {
  bench = await startBench({ host: '127.0.0.1' })
  url = (await bench.proxy.listen()).url
})

afterAll(() => bench.close())

describe('over a socket', () => {
  const replies = REPLIES.filter(({ title }) => SOME.includes(title))

  test.each(replies)('a stream: $title', async (reply) => {
    const { title, request, events: sent, chunking } = reply
    bench.standin.reset()
    bench.standin.reply(events(sent, { ...paceOf(reply), chunking }))

    const response = await post(asking(promptFor(title), { ...request, stream: true }))

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(withoutPings(await eventsIn(response))).toStrictEqual(sent)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test.each(replies)('a message: $title', async (reply) => {
    const { title, request, events: sent, message } = reply
    bench.standin.reset()
    bench.standin.reply(events(sent, paceOf(reply)))

    const response = await post(asking(promptFor(title), request))

    expect(response.status).toBe(200)
    expect(await response.json()).toStrictEqual(message)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('each event arrives while the API still makes the next', async () => {
    const sent = REPLIES.find(({ title }) => title === 'two text blocks')?.events ?? []
    const gates = sent.map(() => makeGate())
    bench.standin.reply(
      events(sent.flatMap((event, index) => [event, gates[index]?.pass ?? event])),
    )

    const response = await post(asking('Step by step.', { stream: true }))
    const received = []
    for await (const event of eventsAsTheyCome(response)) {
      if (event.type === 'ping') continue
      received.push(event)
      gates[received.length - 1]?.open()
    }

    expect(received).toStrictEqual(sent)
  })

  test.each([true, false])(
    'an error has its status and its headers (stream: %s)',
    async (stream) => {
      bench.standin.reset()
      bench.standin.reply(error(529, 'overloaded_error', 'Overloaded'))

      const response = await post(asking('Too much.', { stream }))

      expect(response.status).toBe(529)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('request-id')).toBe(bench.standin.messages[0]?.requestId)
      expect(await response.json()).toStrictEqual({
        type: 'error',
        error: { type: 'overloaded_error', message: 'Overloaded' },
        request_id: bench.standin.messages[0]?.requestId,
      })
    },
  )
})

function post(body: object): Promise<Response> {
  return fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}
