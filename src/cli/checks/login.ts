import type { Account } from '../../inspect.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { describeLogin } from '../login-name.ts'
import { OWN_COMMAND } from '../own-command.ts'
import { programCall, withoutVariable } from '../shell.ts'

const name = 'login'

/** @param now milliseconds since 1970 */
export function checkLogin(facts: Facts, now: number): Finding {
  const { installation, account, accountWithoutKey, system } = facts.runtime
  if ('problem' in installation) {
    return { name, level: 'skipped', text: 'unknown without the runtime' }
  }
  if (account === undefined) {
    return {
      name,
      level: 'error',
      text: `the login is unknown: ${facts.runtime.accountProblem ?? 'the runtime did not report it'}`,
      fix: `Run ${programCall(installation.path, 'auth status', system.platform)} to see the reason.`,
    }
  }
  if (!account.authenticated) return notLoggedIn(facts)
  if (account.expiresAt !== undefined && Date.parse(account.expiresAt) <= now) {
    return {
      name,
      level: 'error',
      text: `the login (${describe(account)}) expired at ${account.expiresAt}`,
      fix: 'Log in again, in one of these ways:',
      ways: waysToLogIn(facts),
    }
  }
  const variable = facts.variables.has('ANTHROPIC_API_KEY')
    ? 'ANTHROPIC_API_KEY'
    : 'ANTHROPIC_AUTH_TOKEN'
  if (accountWithoutKey?.authenticated === true && isSubscription(accountWithoutKey)) {
    return {
      name,
      level: 'warning',
      text: `${variable} overrides the other login (${describe(accountWithoutKey)}): requests are billed to the key, not to the plan`,
      fix: `To use the plan, start without the variable: ${withoutVariable(variable, OWN_COMMAND, system.platform)}`,
    }
  }
  return { name, level: 'ok', text: describe(account) }
}

function isSubscription({ source }: Account): boolean {
  return source === 'claude.ai' || source === 'oauth_token'
}

/** Without the e-mail address, because users show the output of doctor to others. */
function describe(account: Account): string {
  return describeLogin(account, ['plan', 'organization'])
}

function notLoggedIn(facts: Facts): Finding {
  return {
    name,
    level: 'error',
    text: 'nobody is logged in',
    fix: `${keychainHint(facts)}Do one of these:`,
    ways: waysToLogIn(facts),
  }
}

function waysToLogIn({ isContainer, loginFolder }: Facts): string[] {
  return [
    `run ${OWN_COMMAND} login`,
    ...(isContainer
      ? [
          `mount your ~/.claude at ${loginFolder.path} (not from a Mac, which keeps the login in its Keychain)`,
        ]
      : []),
    'run claude setup-token on a machine with a browser, and set CLAUDE_CODE_OAUTH_TOKEN here',
    'set ANTHROPIC_API_KEY',
  ]
}

/**
 * macOS keeps the login in the Keychain, which a mount does not contain and a remote session can't
 * open.
 */
function keychainHint({ runtime, isContainer, variables }: Facts): string {
  if (isContainer) return ''
  if (runtime.system.platform !== 'darwin') return ''
  return variables.has('SSH_CONNECTION')
    ? 'Logged in already? Over SSH the Keychain is locked: run security unlock-keychain first. '
    : 'Logged in already? Another user, or a service without the Keychain, can not see that login. '
}
