import type { Environment } from '../../config/environment.ts'
import { isOn } from '../../config/provider.ts'

/**
 * How a conversation gets to the API.
 *
 * - `whole`: as it came, in the body of each request; the runtime adds nothing to it
 * - `turns`: put into the runtime message by message, which adds its reminders
 */
export type Carrier = { kind: 'whole' | 'turns'; reason: string }

/** Variables whose presence decides about the login, before any stored one. */
const KEYS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']

const PROVIDERS = [
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_MANTLE',
]

/** The variable that decides about the login, if one does. */
export function decidingVariable(env: Environment): string | undefined {
  const provider = PROVIDERS.find((name) => isOn(env[name]))
  return provider ?? KEYS.find((name) => (env[name] ?? '') !== '')
}

/**
 * Only a login that is surely no subscription goes without the runtime's reminders: its bare mode,
 * which leaves them out, refuses subscriptions and all stored logins, and the proxy takes no way
 * around that. The login is told by the names of variables; no value of a key is looked at.
 *
 * @param keepsReminders what `runtime_reminders` says
 * @param hasKeyHelper whether a command gives the API key, which Claude Code prefers to a subscription
 */
export function carrierOf(
  env: Environment,
  keepsReminders: boolean,
  hasKeyHelper = false,
): Carrier {
  if (keepsReminders) return { kind: 'turns', reason: 'runtime_reminders is keep' }
  const variable = decidingVariable(env)
  if (variable !== undefined) return { kind: 'whole', reason: `${variable} is set` }
  if (hasKeyHelper) {
    return { kind: 'whole', reason: "apiKeyHelper is set in Claude Code's settings" }
  }
  return { kind: 'turns', reason: 'the login is a subscription, or stored by the runtime' }
}
