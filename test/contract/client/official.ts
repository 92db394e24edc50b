import Anthropic from '@anthropic-ai/sdk'
import { RUNTIME_REMINDERS } from '../../support/carrier.ts'
import { type Bench, type BenchOptions, startBench } from '../../support/compare-bench.ts'
import { type LoggedTurn, recordTurns } from '../../support/turns.ts'
import { wireDifferences } from '../../support/wire.ts'

/** A bench with the official client in front of it. */
export type OfficialBench = Bench & {
  /** Sends requests without retries, over a socket or in memory. */
  client: Anthropic
  /** The bodies that the client sent, oldest first. */
  sent: Record<string, unknown>[]
  /** How the turns were served, oldest first. */
  turns: LoggedTurn[]
  /** The differences between the latest request upstream and the latest of the client. */
  differences: (betas?: string[]) => string[]
}

export type Transport = 'over a socket' | 'in memory'

/** Starts a bench whose client is pointed at the proxy as in the README. */
export async function startOfficialBench(
  transport: Transport,
  options: BenchOptions = {},
): Promise<OfficialBench> {
  const { logger, turns } = recordTurns()
  const bench = await startBench({
    host: '127.0.0.1',
    logger,
    runtimeReminders: RUNTIME_REMINDERS,
    ...options,
  })
  const isOverSocket = transport === 'over a socket'
  const sent: Record<string, unknown>[] = []
  const send = isOverSocket ? fetch : bench.proxy.fetch
  const client = new Anthropic({
    baseURL: isOverSocket ? (await bench.proxy.listen()).url : 'http://localhost',
    apiKey: 'not needed',
    maxRetries: 0,
    fetch: (input, init) => {
      if (typeof init?.body !== 'string') throw new Error('A body that is no text was sent.')
      sent.push(JSON.parse(init.body) as Record<string, unknown>)
      return send(input, init)
    },
  })
  return {
    ...bench,
    client,
    sent,
    turns,
    differences: (betas = []) => {
      const [body, wire] = [sent.at(-1), bench.standin.messages.at(-1)]
      if (body === undefined || wire === undefined) throw new Error('Nothing was asked.')
      return wireDifferences({ body, betas }, wire)
    },
  }
}
