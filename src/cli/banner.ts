import { isLoopback } from '../config/hosts.ts'
import { asksForKey } from '../config/key-ring.ts'
import type { Config } from '../config/options.ts'
import type { Proxy } from '../proxy.ts'
import { VERSION } from '../version.ts'

type Account = Awaited<ReturnType<Proxy['account']>>

export type BannerFacts = { url: string; config: Config; account: Account }

/** What a user needs to know at start: where, as whom, and how to point a client at it. */
export function renderBanner({ url, config, account }: BannerFacts): string {
  const rows: [string, string][] = [
    ['address', url],
    ['login', describeLogin(account)],
    ['model', `${config.modelDefault} where a request names none`],
    ['key', describeKey(config)],
    ['client', `ANTHROPIC_BASE_URL=${url}`],
  ]
  const lines = [
    `claude-sub-proxy ${VERSION}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`),
    ...warningsFor(config, url).map((warning) => `  warning  ${warning}`),
  ]
  return `${lines.join('\n')}\n`
}

function describeLogin({ authenticated, source, email, plan, provider }: Account): string {
  if (!authenticated) {
    return 'none: run `claude` and /login, or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY, and start again'
  }
  const who = [email, plan, provider === 'firstParty' ? undefined : provider]
  const known = who.filter((part) => part !== undefined)
  return known.length === 0 ? source : `${source} (${known.join(', ')})`
}

function describeKey(config: Config): string {
  if (!asksForKey(config)) return 'none asked for'
  return config.proxyApiKeyFile === undefined ? 'proxy_api_key' : config.proxyApiKeyFile
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
