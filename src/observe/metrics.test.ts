import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import type { RateLimits } from '../api/rate-limits.ts'
import { turnRecord } from '../../test/support/turn-records.ts'
import { createMetrics } from './metrics.ts'

function start(limits?: RateLimits) {
  const state = { limits, processes: { spare: 1, idle: 2 } as Record<string, number> }
  const metrics = createMetrics({
    version: '1.2.3',
    census: () => ({ processes: state.processes, limit: 8, waiting: 3 }),
    inFlight: () => 4,
    limits: () => state.limits,
  })
  const lines = async () => (await metrics.render()).text.split('\n')
  return { metrics, state, lines }
}

test('turns, times and tokens are counted', async () => {
  const { metrics, lines } = start()
  metrics.turnEnded(turnRecord(), 'claude-sonnet-4-6')
  metrics.turnEnded(turnRecord({ outcome: 'client left', lane: 'continue' }), 'other')
  const { firstEventMs: _, ...failed } = turnRecord({ outcome: 'error', lane: 'none' })
  metrics.turnEnded(failed, 'other')
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'claude_proxy_turns_total{lane="open",model="claude-sonnet-4-6",outcome="whole"} 1',
      'claude_proxy_turns_total{lane="continue",model="other",outcome="client_left"} 1',
      'claude_proxy_turns_total{lane="none",model="other",outcome="error"} 1',
      'claude_proxy_tokens_total{model="claude-sonnet-4-6",type="cache_read"} 34',
      'claude_proxy_turn_first_event_seconds_bucket{le="0.1",lane="open"} 0',
      'claude_proxy_turn_first_event_seconds_bucket{le="0.25",lane="open"} 1',
      'claude_proxy_turn_duration_seconds_sum{lane="open",outcome="whole"} 1',
    ]),
  )
  expect((await lines()).join('\n')).not.toContain('first_event_seconds_count{lane="none"}')
})

test('gauges have the current values, and labels without a value disappear', async () => {
  const { state, lines } = start({
    status: 'allowed',
    windows: { five_hour: { utilization: 0.42, resetsAt: 1000 } },
    overage: { isInUse: false },
  })
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'claude_proxy_processes{state="spare"} 1',
      'claude_proxy_processes{state="idle"} 2',
      'claude_proxy_processes_limit 8',
      'claude_proxy_queue_depth 3',
      'claude_proxy_turns_in_flight 4',
      'claude_proxy_plan_used_ratio{window="five_hour"} 0.42',
      'claude_proxy_plan_reset_timestamp_seconds{window="five_hour"} 1000',
      'claude_proxy_info{version="1.2.3"} 1',
    ]),
  )
  state.limits = undefined
  expect((await lines()).join('\n')).not.toContain('five_hour')
})

test('processes that ended by themselves have a count of their own', async () => {
  const { metrics, lines } = start()
  metrics.processStarted()
  metrics.processStarted()
  metrics.processEnded(true)
  metrics.processEnded(false)
  metrics.turnWaited(1500)
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'claude_proxy_runtime_starts_total 2',
      'claude_proxy_runtime_ends_total{cause="told"} 1',
      'claude_proxy_runtime_ends_total{cause="unexpected"} 1',
      'claude_proxy_queue_wait_seconds_sum 1.5',
    ]),
  )
})

test('each proxy has counts of its own', async () => {
  const [one, other] = [start(), start()]
  one.metrics.processStarted()
  expect(await other.lines()).toContain('claude_proxy_runtime_starts_total 0')
})

test('the dashboard for Grafana uses existing metrics and labels', async () => {
  const file = new URL('../../assets/grafana-dashboard.json', import.meta.url)
  const dashboard = JSON.parse(readFileSync(file, 'utf8')) as {
    panels: { targets?: { expr: string }[] }[]
  }
  const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const { metrics, lines } = start({
    status: 'allowed',
    windows: { five_hour: { utilization: 0.42, resetsAt: 1000 } },
    overage: { isInUse: false },
  })
  metrics.turnEnded(turnRecord({ key: 'ann' }), 'm')
  const told = await lines()
  expect(asked.length).toBeGreaterThanOrEqual(10)
  for (const expr of asked) {
    for (const name of namesOf(expr)) {
      const samples = told.filter(
        (line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `),
      )
      expect(samples, expr).not.toEqual([])
      for (const label of labelsOf(expr)) {
        expect(
          samples.some((line) => line.includes(`${label}="`)),
          `${label} in ${expr}`,
        ).toBe(true)
      }
    }
  }
  expect(asked.filter((expr) => expr.includes('by (key)'))).toHaveLength(3)
  // And every metric is on it, except the one that only has the version.
  const exported = told.flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? [])
  const shown = asked.join(' ')
  expect(exported.filter((name) => !shown.includes(name))).toEqual(['claude_proxy_info'])
})

function namesOf(expr: string): string[] {
  return expr.match(/claude_proxy_\w+/g) ?? []
}

/** The labels to group by or to select. */
function labelsOf(expr: string): string[] {
  const found = [...expr.matchAll(/by \(([^)]*)\)|\{(\w+)[=!]/g)]
  const names = found.flatMap(([, by = '', picked = '']) => `${by},${picked}`.split(','))
  return names.map((name) => name.trim()).filter((name) => name !== '')
}
