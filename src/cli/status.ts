import type { Config } from '../config/config.ts'
import { describeLogin } from './login-name.ts'
import { OWN_COMMAND } from './own-command.ts'
import { addressOf, askServer, type Health, versionOfServer } from './server.ts'

export type Status = {
  url: string
  health: Health
  login: {
    authenticated?: boolean
    source?: string
    provider?: string
    email?: string
    plan?: string
  }
  usage: Usage
}

type Usage = {
  since_start?: Counts
  plan?: { windows: { name: string; used: number; resets_at: string | null }[] } | null
}

type Counts = { requests: number; errors: number; input_tokens: number; output_tokens: number }

/**
 * Prints the state of the running server.
 *
 * @throws Error if no server runs at the configured address, or it refuses
 */
export async function status(config: Config, isJson: boolean): Promise<void> {
  const url = addressOf(config)
  if ((await versionOfServer(config)) === undefined) {
    throw new Error(
      `no server answers at ${url}: start one with ${OWN_COMMAND}, or give its address (--port, --host)`,
    )
  }
  const [health, login, usage] = await Promise.all(
    ['/health', '/auth/status', '/v1/usage'].map((path) => askServer(config, path)),
  )
  const state = { url, health, login, usage } as Status
  process.stdout.write(isJson ? `${JSON.stringify(state, null, 2)}\n` : renderStatus(state))
}

export function renderStatus({ url, health, login, usage }: Status): string {
  const rows: [string, string][] = [
    ['address', url],
    ['running', `${health.version} for ${describeTime(health.uptime_seconds ?? 0)}`],
    ['login', loginText(login)],
    ...countRow('usage', usage.since_start),
    ...(usage.plan?.windows ?? []).map(({ name, used, resets_at: resetsAt }): [string, string] => [
      'plan',
      `${name} ${Math.round(used * 100)} % used${resetsAt === null ? '' : `, resets ${resetsAt}`}`,
    ]),
  ]
  return rows.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join('')
}

function loginText({ authenticated, source = '', ...facts }: Status['login']): string {
  if (source === 'unknown') return 'not known yet; the server asks again'
  if (authenticated !== true) return `none: run ${OWN_COMMAND} doctor for help`
  return describeLogin({ source, ...facts }, ['email', 'plan'])
}

function countRow(name: string, counts: Counts | undefined): [string, string][] {
  if (counts === undefined) return []
  const { requests, errors, input_tokens: input, output_tokens: output } = counts
  return [
    [name, `${requests} requests (${errors} failed), ${input} tokens in, ${output} tokens out`],
  ]
}

/** @param seconds since the start */
function describeTime(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
