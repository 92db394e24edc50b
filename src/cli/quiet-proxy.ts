import type { Environment } from '../config/environment.ts'
import type { Config } from '../config/config.ts'
import { isOwnAddress } from '../config/own-address.ts'
import { createProxy, type Proxy } from '../proxy.ts'

/**
 * A proxy for the command's own requests. It has the user's configuration for the runtime, but
 * listens on a free port, needs no key, and does not count its usage.
 *
 * @param signal cancels the start
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
    // The runtime of this proxy must not ask the server at the configured address either.
    env: isOwnAddress(config.port, address) ? others : env,
  })
}
