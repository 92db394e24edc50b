import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { Machine } from '../config/machine.ts'
import { stateFolderOf } from '../config/state-folder.ts'
import { inspectRuntime } from '../inspect.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { createProxy, type Proxy } from '../proxy.ts'
import { alreadyRunning } from './already-running.ts'
import { renderLine, renderScreen } from './banner.ts'
import { checkRuntime } from './checks/runtime.ts'
import { onParentGone } from './parent.ts'
import { onStopSignal } from './stop-signals.ts'
import { paintFor } from './style.ts'
import { remind, showWaiting } from './waiting.ts'

/**
 * Serves until a signal: the first one lets requests in flight finish, the second one ends at once.
 * During the start the first one cancels the start.
 *
 * @param machine the machine of the configuration
 * @throws Error if the runtime can't be started or the port is not available
 */
export async function serve(
  { config, sources, warnings }: LoadedConfig,
  machine: Machine,
  env: Environment,
): Promise<void> {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  const abandoned = new AbortController()
  let drain: (() => void) | undefined
  const stop = (why: string): void => {
    if (drain) drain()
    else abandoned.abort(new Error(`stopped by ${why}`))
  }
  onStopSignal(stop)
  // npm and similar programs set it for the scripts that they run.
  if (env['npm_lifecycle_event'] !== undefined) onParentGone(() => stop('the end of npm'))
  const logger = createLogger(config.logLevel, process.stdout.isTTY)
  const proxy = await start(config, env, logger, abandoned.signal)
  if (proxy === undefined) return
  drain = () => {
    drain = () => {}
    process.stderr.write('Stopping after the requests in flight. A second Ctrl-C stops at once.\n')
    const most = Math.ceil(config.shutdownTimeout / 1000)
    remind(
      (seconds) => `Still stopping: requests are in flight (${seconds} s of at most ${most} s).`,
    )
    void proxy.close().then(() => process.exit(0))
  }
  try {
    const { url } = await proxy.listen().catch(async (error: unknown) => {
      throw (await alreadyRunning(error, config)) ?? error
    })
    const account = await showWaiting('Asking who is logged in', proxy.account(), env)
    const facts = { url, config, account, machine, sources }
    const { stdout } = process
    stdout.write(
      stdout.isTTY
        ? renderScreen(facts, paintFor(stdout, env), stdout.columns)
        : renderLine(facts, Date.now()),
    )
    if (account.source === 'unknown') void tellLogin(proxy, logger)
  } catch (error) {
    await proxy.close()
    throw error
  }
}

/** The proxy; undefined if a signal cancelled the start. */
async function start(
  config: Config,
  env: Environment,
  logger: Logger,
  signal: AbortSignal,
): Promise<Proxy | undefined> {
  const stateFolder = config.stateFolder ?? stateFolderOf(env, process.platform)
  try {
    return await showWaiting(
      'Starting Claude Code; the first start may take some seconds',
      createProxy({ ...config, stateFolder, logger, env, signal }),
      env,
    )
  } catch (error) {
    if (signal.aborted) return undefined
    throw (await explanationOf(config, env)) ?? error
  }
}

/** `doctor`'s finding about the runtime, if it explains the failed start. */
async function explanationOf(config: Config, env: Environment): Promise<Error | undefined> {
  const runtime = await inspectRuntime(config.claudePath, env).catch(() => undefined)
  const finding = runtime && checkRuntime({ runtime, claudePath: config.claudePath })
  if (finding?.level !== 'error') return undefined
  return new Error([finding.text, finding.fix].filter(Boolean).join('. '))
}

/** Milliseconds between two checks while the login is unknown. */
const LOOK_AGAIN = 10_000

/** Asks for the login until the runtime reports it, and logs the result. */
async function tellLogin(proxy: Proxy, logger: Logger): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => void setTimeout(resolve, LOOK_AGAIN).unref())
    const { source, authenticated, problem } = await proxy.account()
    if (source !== 'unknown') {
      logger.info({ authenticated, source }, 'the login is known')
      return
    }
    logger.warn({ problem }, 'the login is not known yet')
  }
}
