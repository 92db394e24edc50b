import type { Config } from '../config/config.ts'
import { addressOf, versionOfServer } from './server.ts'

/**
 * Explains a port in use if a server of this program has it.
 *
 * @param error the error of `listen`
 * @returns an Error that says so; undefined for other errors, and if another program has the port
 */
export async function alreadyRunning(
  error: unknown,
  config: Pick<Config, 'host' | 'port'>,
): Promise<Error | undefined> {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return undefined
  const version = await versionOfServer(config)
  if (version === undefined) return undefined
  const text = `claude-sub-proxy ${version} is already running at ${addressOf(config)}: use it, stop it, or choose another port with --port`
  return new Error(text, { cause: error })
}
