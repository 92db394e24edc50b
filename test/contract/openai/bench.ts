import OpenAI from 'openai'

import { RUNTIME_REMINDERS } from '../../support/carrier.ts'
import { type Bench, type BenchOptions, startBench } from '../../support/compare-bench.ts'
import { type LoggedTurn, recordTurns } from '../../support/turns.ts'

export const MODEL = 'claude-sonnet-4-6'

/** A bench with the official client of OpenAI in front of it. */
export type OpenaiBench = Bench & {
  /** Sends requests in memory, without retries. */
  client: OpenAI
  /** Sends a POST with a body, or a GET, without a client. */
  send: (path: string, body?: unknown, init?: RequestInit) => Promise<Response>
  /** How the turns were served, oldest first. */
  turns: LoggedTurn[]
  /** The lanes of the turns since the last call. */
  lanes: () => string[]
}

export async function startOpenaiBench(options: BenchOptions = {}): Promise<OpenaiBench> {
  const { logger, turns } = recordTurns()
  const bench = await startBench({
    host: '127.0.0.1',
    logger,
    runtimeReminders: RUNTIME_REMINDERS,
    ...options,
  })
  let seen = 0
  return {
    ...bench,
    turns,
    client: new OpenAI({
      baseURL: 'http://localhost/v1',
      apiKey: 'not needed',
      maxRetries: 0,
      fetch: (input, init) => bench.proxy.fetch(input, init),
    }),
    send: (path, body, init = {}) =>
      bench.proxy.fetch(`http://localhost${path}`, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
        ...init,
      }),
    lanes: () => {
      const lanes = turns.slice(seen).map(({ lane }) => lane)
      seen = turns.length
      return lanes
    },
  }
}
