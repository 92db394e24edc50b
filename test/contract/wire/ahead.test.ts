import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { MessageRequest } from '../../support/standin.ts'
import { type Bench, openBench } from '../lifecycle/bench.ts'
import { WEATHER_TOOL } from './samples.ts'

/**
 * A session that is opened ahead has run through a turn before its first one. Of that nothing is asked
 * upstream, and nothing is in the conversation.
 */
let bench: Bench

beforeAll(async () => {
  bench = await openBench({ spares: 1 })
})

afterAll(() => bench.remove())

/** The processes that wait for a conversation. */
async function waiting(): Promise<number> {
  const response = await bench.proxy.fetch('http://localhost/metrics')
  const [, count] = /_processes\{state="spare"\} (\d+)/.exec(await response.text()) ?? []
  return Number(count)
}

const SOON = { timeout: 30_000, interval: 100 }

const BEGINNINGS: Record<string, object> = {
  'nothing but a prompt': {},
  'a system prompt': { system: 'Answer in one word.' },
  tools: { system: 'Use tools.', tools: [WEATHER_TOOL] },
}

describe('a conversation in a session that was opened ahead is asked as in a new one', () => {
  test.for(Object.entries(BEGINNINGS))('with %s', async ([, beginning]) => {
    const body = { ...beginning, messages: [{ role: 'user', content: 'How are you today?' }] }
    const before = bench.standin.requests.length
    await bench.ask(body)
    // The second of one kind is worth a session ahead.
    for (let asked = 1; asked < 3; asked += 1) {
      await bench.ask(body)
      await vi.waitFor(async () => expect(await waiting()).toBeGreaterThanOrEqual(2), SOON)
    }
    await bench.ask(body)
    const bodies = bench.standin.requests
      .slice(before)
      .map((request) => (request as MessageRequest).body)
    expect(bodies).toHaveLength(4)
    const [first, ...others] = bodies.map(withoutSession)
    for (const other of others) expect(other).toEqual(first)
  })
})

/** Each process says which session it is. */
function withoutSession(body: MessageRequest['body']): object {
  return { ...body, metadata: undefined }
}
