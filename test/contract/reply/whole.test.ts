import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { events } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { paceOf, promptFor, REPLIES } from './replies.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

describe('a reply that is not streamed is exactly the message of the API', () => {
  test.each(REPLIES)('$title', async ({ title, request, events: sent, message, chunking }) => {
    bench.standin.reply(events(sent, { chunking, ...paceOf({ events: sent }) }))

    const response = await bench.post(asking(promptFor(title), request))

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(await response.json()).toStrictEqual(message)
    expect(bench.countOf(promptFor(title))).toBe(1)
  })

  test('and the API was asked once for each, and nothing else', () => {
    const counts = REPLIES.map(({ title }) => [title, bench.countOf(promptFor(title))])
    expect(counts).toStrictEqual(REPLIES.map(({ title }) => [title, 1]))
    expect(bench.standin.messages).toHaveLength(REPLIES.length)
  })
})
