import type { Environment } from '../config/environment.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Machine } from '../config/machine.ts'
import { stateFolderOf } from '../config/state-folder.ts'
import { missingRuntime } from '../inspect.ts'
import { createLogger } from '../observe/log.ts'
import { createProxy } from '../proxy.ts'
import { type BannerFacts, renderBanner, renderScreen } from './banner.ts'
import { paintFor } from './style.ts'
import { remind, showWaiting } from './waiting.ts'

/**
 * Serves until the process is told to stop: the first signal lets requests in flight finish, the
 * second one ends at once.
 *
 * @param machine the one for which the configuration was made
 * @throws where the runtime can't be started or the port can't be had
 */
export async function serve(
  { config, sources, warnings }: LoadedConfig,
  machine: Machine,
  env: Environment,
): Promise<void> {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  const missing = missingRuntime(config.claudePath)
  if (missing !== undefined) {
    throw new Error(
      `the Claude Code runtime is not installed (${missing}): run npm install again, without --omit=optional, or name one with --claude-path`,
    )
  }
  const logger = createLogger(config.logLevel, process.stdout.isTTY)
  const proxy = await showWaiting(
    'Starting the Claude Code runtime; the first time may take some seconds',
    createProxy({
      ...config,
      stateFolder: config.stateFolder ?? stateFolderOf(env, process.platform),
      logger,
    }),
  )

  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    process.stderr.write('Stopping: requests in flight may finish. Once more ends at once.\n')
    const most = Math.ceil(config.shutdownTimeout / 1000)
    remind((seconds) => `Still stopping: requests are in flight (${seconds} s of ${most} s).`)
    void proxy.close().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  try {
    const { url } = await proxy.listen()
    const account = await showWaiting('Asking who is logged in', proxy.account())
    const maxProcessesSource = sources.maxProcesses
    process.stdout.write(welcome({ url, config, account, machine, maxProcessesSource }, env))
  } catch (error) {
    await proxy.close()
    throw error
  }
}

function welcome(facts: BannerFacts, env: Environment): string {
  const { stdout } = process
  if (!stdout.isTTY) return renderBanner(facts)
  return renderScreen(facts, paintFor(stdout, env), stdout.columns)
}
