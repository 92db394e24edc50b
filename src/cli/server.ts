import { readKeyFile } from '../config/environment.ts'
import { ConfigError } from '../config/config-error.ts'
import { httpAddress } from '../config/address.ts'
import { isLoopback } from '../config/hosts.ts'
import { type KeyConfig, keyRing } from '../config/keys/key-ring.ts'
import type { Config } from '../config/config.ts'

/** The address of a server with this configuration, from this machine. */
export function addressOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  return httpAddress(host, port)
}

/** Milliseconds. A server on this machine answers at once, except while it looks at its login. */
const TIMEOUT_MILLISECONDS = { health: 3000, other: 20_000 }

/**
 * Asks the server of this configuration.
 *
 * @returns its JSON answer; undefined if no server of this program listens
 * @throws Error if it is ours and refuses
 */
export async function askServer(
  config: Pick<Config, 'host' | 'port'> & KeyConfig,
  path: string,
): Promise<unknown> {
  // This timer keeps the program alive, because a fetch may never settle after a lost connection.
  const patience = new AbortController()
  const milliseconds = path === '/health' ? TIMEOUT_MILLISECONDS.health : TIMEOUT_MILLISECONDS.other
  const timer = setTimeout(() => patience.abort(), milliseconds)
  try {
    const response = await fetch(`${addressOf(config)}${path}`, {
      headers: await keyHeader(config),
      signal: patience.signal,
    }).catch(() => undefined)
    if (response === undefined) return undefined
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return body
    const { error } = (body ?? {}) as { error?: { message?: string } }
    throw new Error(`${path}: ${response.status} ${error?.message ?? ''}`.trim())
  } finally {
    clearTimeout(timer)
  }
}

/** The version of the listening server of this program; undefined if there is none. */
export async function versionOfServer(
  config: Pick<Config, 'host' | 'port'>,
): Promise<string | undefined> {
  try {
    const health = await askServer({ ...config, ...NO_KEY }, '/health')
    const { status, version, uptime_seconds: uptime } = (health ?? {}) as Health
    return status === 'ok' && typeof uptime === 'number' ? String(version) : undefined
  } catch {
    return undefined
  }
}

export type Health = { status?: string; version?: string; uptime_seconds?: number }

const NO_KEY = { proxyApiKey: undefined, keys: undefined }

async function keyHeader(
  config: Pick<Config, 'host'> & KeyConfig,
): Promise<Record<string, string>> {
  const key = await keyOf(config)
  return key === undefined ? {} : { 'x-api-key': key }
}

/**
 * A key for the server of this configuration; undefined if it needs none, or runs on another
 * machine: the user's key must not leave this machine.
 *
 * @throws ConfigError if the file of keys can't be read, or has hashes only
 */
export async function keyOf(config: Pick<Config, 'host'> & KeyConfig): Promise<string | undefined> {
  if (!isLoopback(config.host) && !['0.0.0.0', '::'].includes(config.host)) return undefined
  const log = { info: () => {}, warn: () => {} }
  const ring = await keyRing(config, { readFile: readKeyFile, now: () => 0, log })
  const keys = await ring?.()
  const text = keys?.map((key) => key.text).find((known) => known !== undefined)
  if (keys !== undefined && text === undefined) {
    throw new ConfigError(
      `${config.keys} has only hashes of keys, but this command needs a key: set CSP_PROXY_API_KEY to yours`,
    )
  }
  return text
}
