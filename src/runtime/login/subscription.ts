import type { Account } from './account.ts'

/** How the runtime calls logins that are a person's own. */
const PERSONAL = new Set(['claude.ai', 'oauth_token'])

/**
 * A subscription is one person's: several replicas, which serve a team, may not share it.
 *
 * @throws Error that says what to do
 */
export function refuseSubscription({ source, plan }: Account): void {
  if (!PERSONAL.has(source) && plan === undefined) return
  throw new Error(
    "database_url is for teams, and the login is a subscription, which is one person's: use an API key (ANTHROPIC_API_KEY) or a cloud provider, or leave database_url out",
  )
}
