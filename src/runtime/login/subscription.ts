import type { Account } from './account.ts'

/** The runtime's names for personal logins. */
const PERSONAL = new Set(['claude.ai', 'oauth_token'])

/**
 * Refuses a subscription for several replicas: it belongs to one person, and replicas serve a team.
 *
 * @throws Error that says what to do
 */
export function refuseSubscription({ source, plan }: Account): void {
  if (!PERSONAL.has(source) && plan === undefined) return
  throw new Error(
    'database_url is for teams, but the login is a subscription, which belongs to one person: use an API key (ANTHROPIC_API_KEY) or a cloud provider, or leave database_url out',
  )
}
