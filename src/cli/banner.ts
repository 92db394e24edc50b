import { isLoopback } from '../config/hosts.ts'
import { asksForKey } from '../config/key-ring.ts'
import { explainMaxProcesses, type Machine } from '../config/machine.ts'
import type { Config } from '../config/config.ts'
import type { Proxy } from '../proxy.ts'
import { VERSION } from '../version.ts'
import { nameOfLogin } from './login-name.ts'
import { type Paint, wrap } from './style.ts'

type Account = Awaited<ReturnType<Proxy['account']>>

export type BannerFacts = {
  url: string
  config: Config
  account: Account
  machine: Pick<Machine, 'cores' | 'freeMemoryBytes'>
  /** Where `max_processes` comes from; `default` for the machine itself. */
  maxProcessesSource: string
}

/** What a user needs to know at start, in plain lines, a row each. */
export function renderBanner(facts: BannerFacts): string {
  const { url, config, account } = facts
  const rows: [string, string][] = [
    ['address', url],
    ['login', describeLogin(account)],
    ['model', `${config.modelDefault} where a request names none`],
    ...aliasRows('aliases', config),
    ['key', describeKey(config)],
    ['machine', describeMachine(facts)],
    ['client', `ANTHROPIC_BASE_URL=${url}`],
    ['openai', `OPENAI_BASE_URL=${url}/v1`],
  ]
  const lines = [
    `claude-sub-proxy ${VERSION}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
    ...warningsFor(config, url).map((warning) => `  warning  ${warning}`),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * The same for a terminal: longer lines are wrapped, and what to copy stands by itself.
 *
 * @param columns the width of the terminal
 */
export function renderScreen(facts: BannerFacts, paint: Paint, columns: number): string {
  const { url, config, account } = facts
  const key = asksForKey(config) ? 'your-proxy-key' : 'unused'
  const width = Math.max(40, Math.min(columns, 100) - INDENT.length)
  const row = (name: string, value: string, look?: (line: string) => string): string[] =>
    wrap(value, width).map(
      (line, index) =>
        `${paint('dim', (index === 0 ? `  ${name}` : '').padEnd(INDENT.length))}${look?.(line) ?? line}`,
    )
  const dim = (line: string): string => paint('dim', line)
  const lines = [
    '',
    `  ${paint('bold', `claude-sub-proxy ${VERSION}`)}`,
    '',
    ...row('Address', url, (line) => paint('cyan', line)),
    ...row('Login', describeLogin(account), (line) =>
      account.authenticated ? line : paint('red', line),
    ),
    ...row('Model', `${config.modelDefault} where a request names none`),
    ...aliasRows('Aliases', config).flatMap(([name, value]) => row(name, value)),
    ...row('Key', describeKey(config)),
    ...row('Machine', describeMachine(facts), dim),
    '',
    ...row('Anthropic', `ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=${key}`),
    ...row('OpenAI', `OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`),
    ...row('Browser', `${url}/ shows what it does`),
    ...warningsFor(config, url).flatMap((warning) => [
      '',
      ...row('Warning', warning, (line) => paint('yellow', line)),
    ]),
    '',
    ...wrap(
      'Set the variables for your client alone. Ctrl-C stops the server; requests in flight may finish.',
      width + INDENT.length - 2,
    ).map((line) => `  ${dim(line)}`),
    '',
  ]
  return `${lines.join('\n')}\n`
}

const INDENT = ' '.repeat(13)

function describeLogin(account: Account): string {
  if (!account.authenticated) {
    return 'none: run `claude` and /login, or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY, and start again'
  }
  const { email, plan } = account
  const known = [email, plan && `plan ${plan}`].filter((part) => part !== undefined)
  return [nameOfLogin(account), ...known].join(', ')
}

/** A row for the names that stand for models, if there are any. */
function aliasRows(title: string, { modelAliases }: Config): [string, string][] {
  if (modelAliases.length === 0) return []
  return [[title, modelAliases.map(({ name, model }) => `${name} is ${model}`).join(', ')]]
}

function describeKey(config: Config): string {
  if (!asksForKey(config)) return 'none asked for'
  return config.proxyApiKeyFile === undefined ? 'proxy_api_key' : config.proxyApiKeyFile
}

function describeMachine({ config, machine, maxProcessesSource }: BannerFacts): string {
  const why =
    maxProcessesSource === 'default'
      ? explainMaxProcesses(machine)
      : `as ${maxProcessesSource} says`
  return `up to ${config.maxProcesses} processes: ${why}`
}

function warningsFor(config: Config, url: string): string[] {
  const warnings: string[] = []
  if (!asksForKey(config) && !isLoopback(config.host)) {
    warnings.push(
      `OPEN TO THE NETWORK: everyone who reaches ${config.host}:${new URL(url).port} uses this login. Set proxy_api_key.`,
    )
  }
  if (config.toolsEnabled) {
    warnings.push(
      `tools_enabled: Claude Code may change files in ${config.toolsFolder} and run any command as this user.`,
    )
  }
  return warnings
}
