import { randomBytes } from 'node:crypto'

import spawn from 'cross-spawn'

import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Environment } from '../config/environment.ts'
import { stateFolderOf } from '../config/state-folder.ts'
import { createProxy, type Proxy } from '../proxy.ts'
import { clientVariables } from './client-variables.ts'
import { foreground } from './foreground.ts'
import { addressOf, keyOf, versionOfServer } from './server.ts'
import { NO_KEY } from './setup/clients.ts'
import { exitCodeOf, interruptible, onStopSignal } from './stop-signals.ts'
import { showWaiting } from './waiting.ts'

/**
 * Runs a program whose API requests go to the proxy. If no server runs at the configured address,
 * it starts one on a free port, with a key that only the program knows, and stops it after the
 * program.
 *
 * The exit code is that of the program.
 *
 * @param words the program and its arguments
 * @throws ConfigError if no program is given, Error if the program or the runtime can't be started
 */
export async function runProgram(
  config: Config,
  env: Environment,
  [program, ...args]: readonly string[],
): Promise<void> {
  if (program === undefined) {
    throw new ConfigError('run: name a program after two dashes: run -- your-program --its-option')
  }
  const server = await startOrStop((signal) => serverFor(config, env, signal))
  if (server === undefined) return
  try {
    // On Windows, npm installs most programs as batch files, which Node can't start without a
    // shell.
    const child = spawn(program, args, {
      stdio: 'inherit',
      env: { ...env, ...clientVariables(server.url, server.key, program) },
    })
    process.exitCode = await foreground(child).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new Error(`${program}: program not found`) : error
    })
  } finally {
    const release = onStopSignal((name) => process.exit(exitCodeOf(name)))
    await server.proxy?.close()
    release()
  }
}

/** Starts what the program needs; undefined if a signal came meanwhile. */
async function startOrStop(
  start: (signal: AbortSignal) => Promise<Server>,
): Promise<Server | undefined> {
  let server: Server | undefined
  await interruptible(async (signal) => {
    const started = await start(signal)
    if (signal.aborted) await started.proxy?.close()
    else server = started
  })
  return server
}

type Server = { url: string; key: string; proxy?: Proxy }

async function serverFor(config: Config, env: Environment, signal: AbortSignal): Promise<Server> {
  if ((await versionOfServer(config)) !== undefined) {
    return { url: addressOf(config), key: (await keyOf(config)) ?? NO_KEY }
  }
  const key = randomBytes(24).toString('base64url')
  const proxy = await showWaiting(
    'Starting the Claude Code runtime',
    createProxy({
      ...config,
      host: '127.0.0.1',
      port: 0,
      proxyApiKey: key,
      keys: undefined,
      stateFolder: config.stateFolder ?? stateFolderOf(env, process.platform),
      env,
      signal,
    }),
    env,
  )
  try {
    return { url: (await proxy.listen()).url, key, proxy }
  } catch (error) {
    await proxy.close()
    throw error
  }
}
