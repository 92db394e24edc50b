import { expect, test } from 'vitest'

import { refuseSubscription } from './subscription.ts'

test.each([
  { authenticated: true, source: 'claude.ai', plan: 'max' },
  { authenticated: true, source: 'oauth_token' },
  { authenticated: true, source: 'another_word', plan: 'pro' },
])('a login of type $source belongs to one person', (account) => {
  expect(() => refuseSubscription(account)).toThrow(/belongs to one person/)
})

test.each([
  { authenticated: true, source: 'api_key' },
  { authenticated: true, source: 'third_party', provider: 'bedrock' },
  { authenticated: false, source: 'none' },
])('a login of type $source may be shared', (account) => {
  expect(() => refuseSubscription(account)).not.toThrow()
})
