import { expect, test } from 'vitest'

import { turnRecord } from '../../test/support/turn-records.ts'
import { planReport, stateOf, turnSummary } from './overview.ts'

const LATER = '2030-01-01T00:00:00.000Z'

const PLAN = {
  status: 'allowed',
  resets_at: null,
  windows: [],
  overage: { in_use: false, status: null },
  guard: null,
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
  ['warning', { ...FINE, waiting: 3 }, turnRecord()],
])('the state is %s', (level, facts, last) => {
  expect(stateOf(facts, last)).toEqual({ level, text: expect.stringMatching(/\.$/) })
})

test('a plan is told in the words of the API', () => {
  const windows = { seven_day: { utilization: 0 }, five_hour: { utilization: 0.5, resetsAt: 60 } }
  const limits = { status: 'allowed', windows, overage: { isInUse: false, status: 'rejected' } }
  expect(planReport(limits, 0.8)).toEqual({
    status: 'allowed',
    resets_at: null,
    windows: [
      { name: 'five_hour', used: 0.5, resets_at: '1970-01-01T00:01:00.000Z' },
      { name: 'seven_day', used: 0, resets_at: null },
    ],
    overage: { in_use: false, status: 'rejected' },
    guard: 0.8,
  })
  expect(planReport(undefined, 0.8)).toBeNull()
})

test('of a turn that failed the type of the error is shown, not its words', () => {
  const turn = turnRecord({ errorType: 'api_error', reason: 'a secret' })
  expect(JSON.stringify(turnSummary(turn))).not.toContain('secret')
  expect(turnSummary(turn)).toMatchObject({
    error_type: 'api_error',
    at: '2026-03-04T05:06:07.000Z',
  })
})
