import type { Environment } from '../config/environment.ts'
import type { Config } from '../config/config.ts'
import { isOwnAddress } from '../config/own-address.ts'
import { createProxy, type Proxy } from '../proxy.ts'

/**
 * A proxy for the command's own questions: as it is configured towards the runtime, on a free port,
 * with no clients to guard against and without a trace in the usage that is kept.
 *
 * @param signal gives the start up
 * @throws Error if the runtime can't be started
 */
export function createQuietProxy(
  config: Config,
  env: Environment,
  signal: AbortSignal,
): Promise<Proxy> {
  const { ANTHROPIC_BASE_URL: address, ...others } = env
  return createProxy({
    ...config,
    host: '127.0.0.1',
    port: 0,
    proxyApiKey: undefined,
    keys: undefined,
    toolsEnabled: false,
    stateFolder: undefined,
    signal,
    // The server's address is not this proxy's, but the runtime of neither may ask it.
    env: isOwnAddress(config.port, address) ? others : env,
  })
}
