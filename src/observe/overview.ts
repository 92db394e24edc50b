import type { RateLimits } from '../api/rate-limits.ts'
import type { BatchProgress } from './batch-progress.ts'
import type { LoadMinute } from './load-history.ts'
import { fullAt } from './plan-forecast.ts'
import type { Totals } from './totals.ts'
import type { TurnRecord } from './turn-record.ts'

/** The state in one sentence. `{name}` in its text stands for the value of that name. */
type State = {
  level: 'ok' | 'warning' | 'error'
  text: string
  values?: Readonly<Record<string, string | number>>
}

/** The data of the page, without any text of a conversation. */
export type Overview = {
  type: 'overview'
  state: State
  version: string
  /** ISO 8601. */
  started_at: string
  /** The body of `GET /auth/status`. */
  login: object & { authenticated: boolean; source?: string }
  plan: PlanReport | null
  processes: Readonly<Record<string, number>>
  max_processes: number
  /** Turns that wait for a process. */
  waiting: number
  /** Turns that are being served. */
  in_flight: number
  /** The load in each minute of the last hour, the oldest first. */
  load: LoadMinute[]
  /** The addresses for other devices; empty if only this machine can connect. */
  network_addresses: readonly string[]
  /** The configured names for models; `*` in a name matches any text. */
  model_aliases: readonly { name: string; model: string }[]
  usage: { since_start: Totals; today: Totals }
  /** The unfinished batches, the oldest first. */
  batches: BatchProgress[]
  /** The latest turns, the latest first. */
  turns: TurnSummary[]
}

/** A plan's state in the API's spelling. */
export type PlanReport = {
  status: string
  /** When the deciding window resets, if known. */
  resets_at: string | null
  windows: {
    name: string
    used: number
    resets_at: string | null
    /** When the window will be full at its average rate; null if it resets before. */
    full_at: string | null
  }[]
  overage: { in_use: boolean; status: string | null }
  /** The share at which requests are refused; null if `usage_guard` is off. */
  guard: number | null
}

export type TurnSummary = {
  id: string
  /** ISO 8601. */
  at: string
  model: string
  /** The name of its key; null if clients need none. */
  key: string | null
  lane: string
  outcome: string
  status: number
  error_type: string | null
  /** May quote the request, so only its own client may see it. */
  error_message: string | null
  /** The API's id for the request upstream. */
  upstream_id: string | null
  stop_reason: string | null
  first_event_ms: number | null
  total_ms: number
  input_tokens: number
  output_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
}

export function planReport(
  limits: RateLimits | undefined,
  guard: number | undefined,
  now = Date.now() / 1000,
): PlanReport | null {
  if (limits === undefined) return null
  return {
    status: limits.status,
    windows: Object.entries(limits.windows)
      .map(([name, { utilization, resetsAt }]) => ({
        name,
        used: utilization,
        resets_at: isoTime(resetsAt),
        full_at: isoTime(fullAt(name, utilization, resetsAt, now)),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    resets_at: isoTime(limits.resetsAt),
    overage: { in_use: limits.overage.isInUse, status: limits.overage.status ?? null },
    guard: guard ?? null,
  }
}

function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1000).toISOString()
}

/** The viewer of the page. */
export type Viewer = {
  /** Whether there are several keys. */
  isShared: boolean
  /** The viewer's own key; undefined if clients need no key. */
  key: { name: string; owner: string } | undefined
}

/**
 * The overview for one of several viewers, without the error messages of others, which may quote
 * their requests. Keys without a name share one name, so their viewers see no messages at all.
 */
export function overviewFor({ isShared, key }: Viewer, overview: Overview): Overview {
  if (!isShared) return overview
  const own = key?.owner === `name:${key?.name}` ? key?.name : undefined
  const turns = overview.turns.map((turn) =>
    own !== undefined && turn.key === own ? turn : { ...turn, error_message: null },
  )
  return { ...overview, turns }
}

export function turnSummary(turn: TurnRecord): TurnSummary {
  return {
    id: turn.id,
    at: new Date(turn.at).toISOString(),
    model: turn.answeredBy ?? turn.model,
    key: turn.key ?? null,
    lane: turn.lane,
    outcome: turn.outcome,
    status: turn.status,
    error_type: turn.errorType ?? null,
    error_message: turn.reason ?? null,
    upstream_id: turn.upstreamId ?? null,
    stop_reason: turn.stopReason ?? null,
    first_event_ms: turn.firstEventMs ?? null,
    total_ms: turn.totalMs,
    input_tokens: turn.tokens.input,
    output_tokens: turn.tokens.output,
    cache_read_input_tokens: turn.tokens.cacheRead,
    cache_creation_input_tokens: turn.tokens.cacheCreation,
  }
}

/**
 * The state mentions failures if there are at least this many, and they are at least this share of
 * the shown turns.
 */
const MANY_FAILURES = 3
const LARGE_SHARE = 0.05

/** The state warns of a plan window once this share is used. */
const NEARLY_FULL = 0.9

/**
 * The state in one sentence: it works, or the reason why it does not.
 *
 * @param turns the latest turns, the latest first
 */
export function stateOf(
  { login, plan, waiting }: Pick<Overview, 'login' | 'plan' | 'waiting'>,
  turns: readonly TurnRecord[],
): State {
  const [last] = turns
  if (!login.authenticated && login.source === 'unknown') {
    const text = 'Claude Code has not reported the login yet. The proxy asks again.'
    return { level: 'warning', text }
  }
  if (!login.authenticated) {
    return { level: 'error', text: 'Nobody is logged in.' }
  }
  if (last?.errorType === 'authentication_error') {
    return { level: 'error', text: 'The API refuses the login: log in again.' }
  }
  // Without a reset time, the plan did not refuse; the API limited the rate.
  if (plan?.status === 'rejected' && plan.resets_at !== null) {
    return { level: 'error', text: "The plan's limit is reached." }
  }
  if (last !== undefined && (last.status >= 500 || last.status === 429)) {
    return {
      level: 'error',
      text: 'The last turn failed ({error}).',
      values: { error: [last.status, last.errorType].join(' ').trim() },
    }
  }
  if (waiting > 0) {
    return { level: 'warning', text: 'Busy: turns wait for a process.' }
  }
  const failed = turns.filter(({ outcome }) => outcome === 'error' || outcome === 'timed out')
  if (failed.length >= MANY_FAILURES && failed.length >= LARGE_SHARE * turns.length) {
    return {
      level: 'warning',
      text: '{failed} of the last {turns} turns failed.',
      values: { failed: failed.length, turns: turns.length },
    }
  }
  if (plan?.overage.in_use) {
    return { level: 'warning', text: 'The plan is used up; paid overage is in use.' }
  }
  if (
    plan?.status === 'allowed_warning' ||
    plan?.windows.some(({ used }) => used >= NEARLY_FULL) === true
  ) {
    return { level: 'warning', text: "The plan's limit is near." }
  }
  return { level: 'ok', text: 'It works.' }
}
