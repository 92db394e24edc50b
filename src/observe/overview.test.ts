import { expect, test } from 'vitest'

import { turnRecord } from '../../test/support/turn-records.ts'
import { type Overview, overviewFor, planReport, stateOf, turnSummary } from './overview.ts'

const LATER = '2030-01-01T00:00:00.000Z'

const PLAN = {
  status: 'allowed',
  resets_at: null,
  windows: [],
  overage: { in_use: false, status: null },
  guard: null,
}
function windowWith(used: number) {
  return { name: 'five_hour', used, resets_at: LATER, full_at: null }
}

const FINE = { login: { authenticated: true }, plan: PLAN, waiting: 0 }

test.each([
  ['ok', FINE, undefined],
  ['ok', { ...FINE, plan: null }, turnRecord()],
  ['ok', FINE, turnRecord({ outcome: 'error', status: 400, errorType: 'invalid_request_error' })],
  ['error', { ...FINE, login: { authenticated: false } }, turnRecord()],
  ['error', FINE, turnRecord({ outcome: 'error', status: 401, errorType: 'authentication_error' })],
  ['error', FINE, turnRecord({ outcome: 'error', status: 502, errorType: 'api_error' })],
  ['error', { ...FINE, plan: { ...PLAN, status: 'rejected', resets_at: LATER } }, undefined],
  ['ok', { ...FINE, plan: { ...PLAN, status: 'rejected' } }, undefined],
  ['error', FINE, turnRecord({ outcome: 'error', status: 429, errorType: 'rate_limit_error' })],
  ['warning', { ...FINE, plan: { ...PLAN, status: 'allowed_warning' } }, undefined],
  ['warning', { ...FINE, plan: { ...PLAN, overage: { in_use: true, status: null } } }, undefined],
  ['warning', { ...FINE, plan: { ...PLAN, windows: [windowWith(0.9)] } }, undefined],
  ['ok', { ...FINE, plan: { ...PLAN, windows: [windowWith(0.89)] } }, undefined],
  ['warning', { ...FINE, waiting: 3 }, turnRecord()],
])('the state is %s', (level, facts, last) => {
  const state = stateOf(facts, last ? [last] : [])
  expect(state).toMatchObject({ level, text: expect.stringMatching(/\.$/) })
})

test('the state has the status and the type of a failed turn, if it has one', () => {
  const failed = { outcome: 'error', status: 529 } as const
  const state = { level: 'error', text: 'The last turn failed ({error}).' }
  expect(stateOf(FINE, [turnRecord({ ...failed, errorType: 'overloaded_error' })])).toEqual({
    ...state,
    values: { error: '529 overloaded_error' },
  })
  expect(stateOf(FINE, [turnRecord(failed)])).toEqual({ ...state, values: { error: '529' } })
})

test('a plan is reported in the spelling of the API', () => {
  const windows = { seven_day: { utilization: 0 }, five_hour: { utilization: 0.5, resetsAt: 60 } }
  const limits = { status: 'allowed', windows, overage: { isInUse: false, status: 'rejected' } }
  expect(planReport(limits, 0.8)).toEqual({
    status: 'allowed',
    resets_at: null,
    windows: [
      { name: 'five_hour', used: 0.5, resets_at: '1970-01-01T00:01:00.000Z', full_at: null },
      { name: 'seven_day', used: 0, resets_at: null, full_at: null },
    ],
    overage: { in_use: false, status: 'rejected' },
    guard: 0.8,
  })
  expect(planReport(undefined, 0.8)).toBeNull()
})

test('many failures are a warning, even if the last turn succeeded', () => {
  const fine = Array.from({ length: 42 }, () => turnRecord())
  const failed = Array.from({ length: 9 }, () => turnRecord({ outcome: 'error', status: 401 }))
  expect(stateOf(FINE, [...fine, ...failed])).toEqual({
    level: 'warning',
    text: '{failed} of the last {turns} turns failed.',
    values: { failed: 9, turns: 51 },
  })
  expect(stateOf(FINE, [...fine, ...failed.slice(0, 2)])).toMatchObject({ level: 'ok' })
})

test('a failed turn has its reason, but not if there are several callers', () => {
  const turn = turnRecord({ errorType: 'api_error', reason: 'a secret', upstreamId: 'req_2' })
  expect(turnSummary(turn)).toMatchObject({
    error_type: 'api_error',
    error_message: 'a secret',
    upstream_id: 'req_2',
    at: '2026-03-04T05:06:07.000Z',
  })
  const overview = { turns: [turnSummary(turn)] } as Overview
  const shared = overviewFor({ isShared: true, key: undefined }, overview)
  expect(JSON.stringify(shared)).not.toContain('secret')
  expect(shared.turns).toMatchObject([{ error_type: 'api_error' }])
})

test('each of several callers sees only the error messages of its own named key', () => {
  const turns = ['ann', 'bob', 'default'].map((key) =>
    turnSummary(turnRecord({ key, errorType: 'api_error', reason: `a secret of ${key}` })),
  )
  const overview = { turns } as Overview
  const seenBy = (name: string, owner: string): string[] =>
    overviewFor({ isShared: true, key: { name, owner } }, overview).turns.flatMap(
      (turn) => turn.error_message ?? [],
    )
  expect(seenBy('ann', 'name:ann')).toEqual(['a secret of ann'])
  expect(seenBy('bob', 'name:bob')).toEqual(['a secret of bob'])
  // Keys without names share one, and do not belong to one caller.
  expect(seenBy('default', 'key:1')).toEqual([])
})
