import type { Account } from '../../inspect.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { nameOfLogin } from '../login-name.ts'
import { quoted } from './runtime.ts'

const name = 'login'

/** @param now milliseconds since 1970 */
export function checkLogin(facts: Facts, now: number): Finding {
  const { installation, account, accountWithoutKey } = facts.runtime
  if ('problem' in installation) {
    return { name, level: 'skipped', text: 'it is the runtime that knows it' }
  }
  if (account === undefined) {
    return {
      name,
      level: 'error',
      text: 'the runtime does not tell who is logged in',
      fix: `See what ${quoted(installation.path)} auth status says.`,
    }
  }
  if (!account.authenticated) return notLoggedIn(facts, installation.path)
  if (account.expiresAt !== undefined && Date.parse(account.expiresAt) <= now) {
    return {
      name,
      level: 'error',
      text: `the login (${describe(account)}) expired at ${account.expiresAt}`,
      fix: `Log in again. ${waysToLogIn(facts, installation.path)}`,
    }
  }
  const variable = facts.variables.has('ANTHROPIC_API_KEY')
    ? 'ANTHROPIC_API_KEY'
    : 'ANTHROPIC_AUTH_TOKEN'
  if (accountWithoutKey?.authenticated === true && isSubscription(accountWithoutKey)) {
    return {
      name,
      level: 'warning',
      text: `${variable} comes before the login that is there as well (${describe(accountWithoutKey)}): requests go to the key's bill, not to the plan`,
      fix: `To use the plan, start without it: env -u ${variable} npx claude-sub-proxy`,
    }
  }
  return { name, level: 'ok', text: describe(account) }
}

function isSubscription({ source }: Account): boolean {
  return source === 'claude.ai' || source === 'oauth_token'
}

/** Who it is, but for the e-mail address: what doctor prints is shown to others. */
function describe(account: Account): string {
  const { plan, organization } = account
  const known = [plan && `plan ${plan}`, organization].filter((part) => part !== undefined)
  return [nameOfLogin(account), ...known].join(', ')
}

function notLoggedIn(facts: Facts, path: string): Finding {
  return {
    name,
    level: 'error',
    text: 'nobody is logged in',
    fix: `${waysToLogIn(facts, path)}${keychainHint(facts)}`,
  }
}

function waysToLogIn({ isContainer, loginFolder }: Facts, path: string): string {
  const ways = [
    `run ${quoted(path)} auth login`,
    ...(isContainer ? [`mount the ~/.claude of a Linux user at ${loginFolder.path}`] : []),
    'run claude setup-token where there is a browser and set CLAUDE_CODE_OAUTH_TOKEN here',
    'set ANTHROPIC_API_KEY',
  ]
  return `One of these: ${ways.join('; ')}.`
}

/** macOS keeps the login in a place that a mount does not carry, and a remote session does not open. */
function keychainHint({ runtime, isContainer, variables }: Facts): string {
  if (isContainer) return ' On macOS the login is in the Keychain, not in ~/.claude: use a token.'
  if (runtime.system.platform !== 'darwin') return ''
  return variables.has('SSH_CONNECTION')
    ? ' Logged in already? Over SSH the Keychain is locked: run security unlock-keychain first.'
    : ' Logged in already? Another user, or a service without the Keychain, does not see that login.'
}
