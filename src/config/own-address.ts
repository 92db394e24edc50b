import { isLoopback } from './hosts.ts'

/**
 * Whether a URL leads to a server on this machine's port. A user who points clients here by
 * exporting ANTHROPIC_BASE_URL and starts the server from the same shell would make the runtime ask
 * the server that asks it.
 */
export function isOwnAddress(port: number, url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false
  const { hostname, port: named, protocol } = new URL(url)
  const isHere = isLoopback(hostname) || hostname === '0.0.0.0' || hostname === '[::]'
  return isHere && Number(named || (protocol === 'https:' ? 443 : 80)) === port
}
