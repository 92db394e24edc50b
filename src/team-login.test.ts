import { expect, test } from 'vitest'

import { judge } from './batches/judge.ts'
import type { ApiError } from './errors.ts'
import { TeamLogin } from './team-login.ts'

test('turns are refused while the login is a subscription, and batches wait for another login', () => {
  const login = new TeamLogin()
  login.check()
  login.note({ authenticated: false, source: 'none' })
  login.check()
  login.note({ authenticated: true, source: 'claude.ai', plan: 'max' })
  const refusals: ApiError[] = []
  for (const _ of [1, 2]) {
    try {
      login.check()
    } catch (error) {
      refusals.push(error as ApiError)
    }
  }
  const message = expect.stringMatching(/use an API key/) as string
  expect(refusals).toMatchObject([
    { status: 401, message },
    { status: 401, message },
  ])
  expect(judge(refusals[0], 0, 0)).toMatchObject({ everyone: 'login' })
  login.note({ authenticated: true, source: 'api_key' })
  login.check()
})
