import type { Environment } from '../../config/environment.ts'
import { isOn } from '../../config/provider.ts'

/**
 * How a conversation gets to the API.
 *
 * - `whole`: unchanged, in the body of each request; the runtime adds nothing
 * - `turns`: message by message through the runtime, which adds its reminders
 */
export type Carrier = { kind: 'whole' | 'turns'; reason: string }

/** Variables that determine the login; they take precedence over a stored login. */
const KEYS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']

const PROVIDERS = [
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_MANTLE',
]

/** The variable that determines the login, if one is set. */
export function decidingVariable(env: Environment): string | undefined {
  const provider = PROVIDERS.find((name) => isOn(env[name]))
  return provider ?? KEYS.find((name) => (env[name] ?? '') !== '')
}

/**
 * Chooses the carrier of a login. Only a login that is certainly no subscription goes without the
 * runtime's reminders: bare mode, which omits them, refuses subscriptions and all stored logins,
 * and the proxy does not work around that. The names of the variables show the login; the value of
 * a key is never read.
 *
 * @param keepsReminders whether `runtime_reminders` is `keep`
 * @param hasKeyHelper whether a command prints the API key; Claude Code prefers it to a
 * subscription
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
