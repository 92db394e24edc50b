import type { LoadedConfig } from '../config/load.ts'
import { createLogger } from '../observe/log.ts'
import { createProxy } from '../proxy.ts'
import { renderBanner } from './banner.ts'

/**
 * Serves until the process is told to stop: the first signal lets requests in flight finish, the
 * second one ends at once.
 *
 * @param stateFolder where usage is kept if the configuration does not say it
 * @throws where the runtime can't be started or the port can't be had
 */
export async function serve(
  { config, warnings }: LoadedConfig,
  stateFolder: string | undefined,
): Promise<void> {
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  const logger = createLogger(config.logLevel, process.stdout.isTTY)
  const proxy = await createProxy({
    ...config,
    stateFolder: config.stateFolder ?? stateFolder,
    logger,
  })

  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    process.stderr.write('Stopping: requests in flight may finish. Once more ends at once.\n')
    void proxy.close().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)

  try {
    const { url } = await proxy.listen()
    process.stdout.write(renderBanner({ url, config, account: await proxy.account() }))
  } catch (error) {
    await proxy.close()
    throw error
  }
}
