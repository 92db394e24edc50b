import { isLoopback } from '../../config/hosts.ts'
import { asksForKey } from '../../config/keys/key-ring.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'

/** Reports who may call the server with this configuration. */
export function checkCallers({
  configuration,
  isContainer,
}: Pick<Facts, 'configuration' | 'isContainer'>): Finding {
  const name = 'who may call'
  const { config } = configuration
  const hasKey = asksForKey(config)
  const isHere = isLoopback(config.host)
  if (!isHere && !hasKey) {
    return {
      name,
      level: 'warning',
      text: `everyone who can reach ${config.host}, with your login and without a key (dangerously_open_to_all)`,
      fix: 'Set proxy_api_key, and remove dangerously_open_to_all.',
    }
  }
  if (isHere && isContainer) {
    return {
      name,
      level: 'warning',
      text: 'only programs in this container: the server listens on loopback',
      fix: 'Set proxy_api_key: with a key, the server listens on all addresses of a container.',
    }
  }
  const where = isHere ? 'programs on this machine' : `everyone who can reach ${config.host}`
  const text = hasKey ? `${where}, with a key` : `${where}, run by any user, without a key`
  return { name, level: 'ok', text }
}
