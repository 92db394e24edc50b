import { expect, test } from 'vitest'

import { carrierOf } from './carrier.ts'

test.each([
  ['an API key', { ANTHROPIC_API_KEY: 'made-up' }, 'whole'],
  ['a bearer token', { ANTHROPIC_AUTH_TOKEN: 'made-up' }, 'whole'],
  ['Bedrock', { CLAUDE_CODE_USE_BEDROCK: '1' }, 'whole'],
  ['Vertex', { CLAUDE_CODE_USE_VERTEX: 'true' }, 'whole'],
  ['a provider that is off', { CLAUDE_CODE_USE_FOUNDRY: '0' }, 'turns'],
  ['an empty key', { ANTHROPIC_API_KEY: '' }, 'turns'],
  ['a subscription token', { CLAUDE_CODE_OAUTH_TOKEN: 'made-up' }, 'turns'],
  ['a stored login', {}, 'turns'],
])('the carrier with %s', (_, env, kind) => {
  expect(carrierOf(env, false).kind).toBe(kind)
  expect(carrierOf(env, true)).toEqual({ kind: 'turns', reason: 'runtime_reminders is keep' })
})

test('the carrier with a command for the key, also beside a subscription', () => {
  expect(carrierOf({ CLAUDE_CODE_OAUTH_TOKEN: 'made-up' }, false, true).kind).toBe('whole')
  expect(carrierOf({}, true, true).kind).toBe('turns')
})
