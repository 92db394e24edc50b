import { expect, test } from 'vitest'

import { providerOf } from './provider.ts'

test.each([
  [{}, 'anthropic'],
  [{ CLAUDE_CODE_USE_BEDROCK: '1' }, 'aws.bedrock'],
  [{ CLAUDE_CODE_USE_VERTEX: 'true' }, 'gcp.vertex_ai'],
  [{ CLAUDE_CODE_USE_FOUNDRY: 'on' }, 'azure.ai.inference'],
  [{ CLAUDE_CODE_USE_BEDROCK: '0' }, 'anthropic'],
])('with %j the service is %s', (env, service) => {
  expect(providerOf(env)).toBe(service)
})
