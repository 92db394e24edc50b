import type { Config } from '../config/config.ts'
import { isLoopback } from '../config/hosts.ts'
import { asksForKey } from '../config/keys/key-ring.ts'
import { explainMaxProcesses, type Machine } from '../config/machine.ts'
import { wrap } from '../config/wrap.ts'
import type { Proxy } from '../proxy.ts'
import { VERSION } from '../version.ts'
import { describeLogin } from './login-name.ts'
import { OWN_COMMAND } from './own-command.ts'
import { variablesSet } from './shell.ts'
import type { Paint } from './style.ts'

type Account = Awaited<ReturnType<Proxy['account']>>

export type BannerFacts = {
  url: string
  config: Config
  account: Account
  machine: Pick<Machine, 'cores' | 'freeMemoryBytes' | 'container'>
  /** The sources of the values; `default` for values that depend on the machine. */
  sources: Readonly<Record<'host' | 'maxProcesses', string>>
}

/**
 * The start as a line of the log, for a pipe or a file: JSON, like all other lines.
 *
 * @param now milliseconds since 1970
 */
export function renderLine(facts: BannerFacts, now: number): string {
  const { url, config, account } = facts
  const line = {
    level: 30,
    time: new Date(now).toISOString(),
    version: VERSION,
    url,
    openaiUrl: `${url}/v1`,
    login: loginText(account),
    model: config.modelDefault,
    key: keyText(config),
    maxProcesses: config.maxProcesses,
    warnings: warningsFor(facts),
    msg: 'serving',
  }
  return `${JSON.stringify(line)}\n`
}

/**
 * The start for a terminal. Long lines are wrapped, and text to copy has its own line.
 *
 * @param columns the width of the terminal; 0 if unknown
 * @param platform determines the shell for the variables
 */
export function renderScreen(
  facts: BannerFacts,
  paint: Paint,
  columns: number,
  platform: NodeJS.Platform = process.platform,
): string {
  const { url, config, account } = facts
  const key = asksForKey(config) ? 'your-proxy-key' : 'unused'
  const width = Math.max(40, Math.min(columns || 80, 100) - INDENT.length)
  const row = (name: string, value: string, look?: (line: string) => string): string[] =>
    wrap(value, width).map(
      (line, index) =>
        `${paint('dim', (index === 0 ? `  ${name}` : '').padEnd(INDENT.length))}${look?.(line) ?? line}`,
    )
  const dim = (line: string): string => paint('dim', line)
  const set = (variables: Record<string, string>): string => variablesSet(variables, platform)
  const lines = [
    '',
    `  ${paint('bold', `claude-sub-proxy ${VERSION}`)}`,
    '',
    ...row('Address', url, (line) => paint('cyan', line)),
    ...row('Login', loginText(account), (line) =>
      account.authenticated ? line : paint('red', line),
    ),
    ...row('Model', `${config.modelDefault}, if a request does not name one`),
    ...row('Key', keyText(config)),
    ...row('Machine', machineText(facts), dim),
    '',
    ...row('Anthropic', set({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key })),
    ...row('OpenAI', set({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key })),
    ...row(
      'Program',
      `${OWN_COMMAND} run -- claude starts a program, here Claude Code, with its variables`,
    ),
    ...row('Browser', `${url}/ shows usage, requests and errors`),
    ...warningsFor(facts).flatMap((warning) => [
      '',
      ...row('Warning', warning, (line) => paint('yellow', line)),
    ]),
    '',
    ...wrap(
      'Set the variables only for your client. Ctrl-C stops the server after the requests in flight.',
      width + INDENT.length - 2,
    ).map((line) => `  ${dim(line)}`),
    '',
  ]
  return `${lines.join('\n')}\n`
}

const INDENT = ' '.repeat(13)

function loginText(account: Account): string {
  if (account.source === 'unknown') {
    return `not known yet (${account.problem ?? 'the runtime did not report it'}); the server asks again`
  }
  if (account.authenticated) return describeLogin(account, ['email', 'plan'])
  return `none: run ${OWN_COMMAND} login (or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY), then start again`
}

function keyText(config: Config): string {
  if (asksForKey(config)) return `required (${config.keys ?? 'proxy_api_key'})`
  return isLoopback(config.host) ? 'not required (only this machine can connect)' : 'not required'
}

function machineText({ config, machine, sources }: BannerFacts): string {
  const why =
    sources.maxProcesses === 'default'
      ? explainMaxProcesses(machine)
      : `set by ${sources.maxProcesses}`
  return `up to ${config.maxProcesses} processes: ${why}`
}

function warningsFor({ config, url, machine, sources }: BannerFacts): string[] {
  const warnings: string[] = []
  const isOpen = !asksForKey(config) && !isLoopback(config.host)
  if (isOpen) {
    warnings.push(
      `OPEN TO THE NETWORK: everyone who can reach ${config.host}:${new URL(url).port} uses this login. Set proxy_api_key.`,
    )
  }
  if (machine.container && isLoopback(config.host) && sources.host === 'default') {
    warnings.push(
      'The server listens only inside this container. Set proxy_api_key to listen on all addresses.',
    )
  }
  if (config.toolsEnabled) {
    warnings.push(
      `tools_enabled: Claude Code may change files in ${config.toolsFolder} and run any command as this user.`,
    )
  }
  return warnings
}
