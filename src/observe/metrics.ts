import { Counter, Gauge, Histogram, Registry } from 'prom-client'

import type { RateLimits } from '../api/rate-limits.ts'
import type { TurnRecord } from './turn-record.ts'

/** Values that are read when a client requests the metrics. */
export type MetricsInput = {
  version: string
  census: () => {
    processes: Readonly<Record<string, number>>
    limit: number
    waiting: number
  }
  inFlight: () => number
  limits: () => RateLimits | undefined
}

/** The numbers of a proxy, for Prometheus. Each proxy has its own; nothing is registered globally. */
export type Metrics = {
  /** @param model the turn's, if it is one of a limited number of names */
  turnEnded: (turn: TurnRecord, model: string) => void
  turnWaited: (milliseconds: number) => void
  processStarted: () => void
  processEnded: (stopRequested: boolean) => void
  /** All metrics in Prometheus' text format. */
  render: () => Promise<{ text: string; contentType: string }>
}

/**
 * Seconds. A conversation that continues begins within hundredths of a second, a long thought after
 * minutes.
 */
const FIRST_EVENT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const WAIT_BUCKETS = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60]

/** Names and units are Prometheus' usual ones: https://prometheus.io/docs/practices/naming/ */
export function createMetrics({ version, census, inFlight, limits }: MetricsInput): Metrics {
  const registry = new Registry()
  const registers = [registry]

  const turns = new Counter({
    name: 'claude_proxy_turns_total',
    help: 'Turns that have ended.',
    labelNames: ['lane', 'model', 'outcome', 'key'],
    registers,
  })
  const firstEvent = new Histogram({
    name: 'claude_proxy_turn_first_event_seconds',
    help: 'From the request to the first event of its reply.',
    labelNames: ['lane'],
    buckets: FIRST_EVENT_BUCKETS,
    registers,
  })
  const duration = new Histogram({
    name: 'claude_proxy_turn_duration_seconds',
    help: 'From the request to the end of its reply.',
    labelNames: ['lane', 'outcome'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  const tokens = new Counter({
    name: 'claude_proxy_tokens_total',
    help: 'Tokens as the API counted them.',
    labelNames: ['model', 'type', 'key'],
    registers,
  })
  const wait = new Histogram({
    name: 'claude_proxy_queue_wait_seconds',
    help: 'How long turns waited for a new process.',
    buckets: WAIT_BUCKETS,
    registers,
  })
  const starts = new Counter({
    name: 'claude_proxy_runtime_starts_total',
    help: 'Processes of the runtime that were started.',
    registers,
  })
  const ends = new Counter({
    name: 'claude_proxy_runtime_ends_total',
    help: 'Processes of the runtime that have ended, as intended or unexpectedly.',
    labelNames: ['cause'],
    registers,
  })
  for (const cause of ['told', 'unexpected']) ends.inc({ cause }, 0)

  gauge('claude_proxy_turns_in_flight', 'Turns that are being served.', [], (own) =>
    own.set(inFlight()),
  )
  gauge('claude_proxy_processes', 'Processes of the runtime by state.', ['state'], (own) => {
    for (const [state, count] of Object.entries(census().processes)) own.set({ state }, count)
  })
  gauge('claude_proxy_processes_limit', 'Maximum number of processes (max_processes).', [], (own) =>
    own.set(census().limit),
  )
  gauge('claude_proxy_queue_depth', 'Turns that wait for a process.', [], (own) =>
    own.set(census().waiting),
  )
  gauge(
    'claude_proxy_plan_used_ratio',
    'Used share of a plan window, 0 to 1.',
    ['window'],
    (own) => {
      for (const [window, { utilization }] of windows()) own.set({ window }, utilization)
    },
  )
  gauge(
    'claude_proxy_plan_reset_timestamp_seconds',
    'When a plan window resets.',
    ['window'],
    (own) => {
      for (const [window, { resetsAt }] of windows()) {
        if (resetsAt !== undefined) own.set({ window }, resetsAt)
      }
    },
  )
  gauge('claude_proxy_info', 'The running version.', ['version'], (own) => own.set({ version }, 1))

  /** A gauge whose values are read at each scrape, so that labels without a value disappear. */
  function gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    look: (own: Gauge<Label>) => void,
  ): void {
    const own: Gauge<Label> = new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect: () => {
        own.reset()
        look(own)
      },
    })
  }

  function windows() {
    return Object.entries(limits()?.windows ?? {})
  }

  return {
    turnEnded(turn, model) {
      const { lane } = turn
      const outcome = turn.outcome.replaceAll(' ', '_')
      // Without keys there is no label.
      const key = turn.key === undefined ? {} : { key: turn.key }
      turns.inc({ lane, model, outcome, ...key })
      duration.observe({ lane, outcome }, turn.totalMs / 1000)
      if (turn.firstEventMs !== undefined) firstEvent.observe({ lane }, turn.firstEventMs / 1000)
      tokens.inc({ model, type: 'input', ...key }, turn.tokens.input)
      tokens.inc({ model, type: 'output', ...key }, turn.tokens.output)
      tokens.inc({ model, type: 'cache_read', ...key }, turn.tokens.cacheRead)
      tokens.inc({ model, type: 'cache_creation', ...key }, turn.tokens.cacheCreation)
    },
    turnWaited: (milliseconds) => wait.observe(milliseconds / 1000),
    processStarted: () => starts.inc(),
    processEnded: (stopRequested) => ends.inc({ cause: stopRequested ? 'told' : 'unexpected' }),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  }
}
