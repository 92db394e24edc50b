import { expect, test } from 'vitest'

import { clientVariables } from './client-variables.ts'

const URL = 'http://localhost:42069'

test.each(['claude', '/usr/local/bin/claude', String.raw`C:\npm\claude.cmd`, 'Claude.exe'])(
  '%s gets a token, because Claude Code asks the user about a key',
  (program) => {
    const variables = clientVariables(URL, 'made-up', program)
    expect(variables['ANTHROPIC_AUTH_TOKEN']).toBe('made-up')
    // Removed, also if the user has set it for the proxy.
    expect(variables).toHaveProperty('ANTHROPIC_API_KEY', undefined)
  },
)

test.each(['python', 'claude-agent', '/opt/claude/bin/tool', 'npx'])(
  '%s gets a key, which most programs require',
  (program) => {
    const variables = clientVariables(URL, 'made-up', program)
    expect(variables['ANTHROPIC_API_KEY']).toBe('made-up')
    expect(variables).toHaveProperty('ANTHROPIC_AUTH_TOKEN', undefined)
  },
)

test('every program gets both addresses, and never the login of the proxy', () => {
  for (const program of ['claude', 'codex']) {
    expect(clientVariables(URL, 'made-up', program)).toMatchObject({
      ANTHROPIC_BASE_URL: URL,
      OPENAI_BASE_URL: `${URL}/v1`,
      OPENAI_API_BASE: `${URL}/v1`,
      OPENAI_API_KEY: 'made-up',
      CLAUDE_CODE_OAUTH_TOKEN: undefined,
    })
  }
})
