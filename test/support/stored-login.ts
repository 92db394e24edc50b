import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A stored login in the sandbox, in the form of `/login`, with made-up values. */
export function storeLogin(env: Record<string, string>, values: object = {}): void {
  const login = {
    claudeAiOauth: {
      accessToken: 'sk-ant-oat01-made-up-for-tests',
      refreshToken: 'sk-ant-ort01-made-up-for-tests',
      expiresAt: Date.now() + 7 * 24 * 60 * 60 * 1000,
      scopes: ['user:inference', 'user:profile'],
      subscriptionType: 'max',
      ...values,
    },
  }
  writeFileSync(loginPath(env), JSON.stringify(login), { mode: 0o600 })
}

export function loginPath(env: Record<string, string>): string {
  return join(env['CLAUDE_CONFIG_DIR'] ?? '', '.credentials.json')
}
