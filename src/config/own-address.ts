import { isLoopback } from './hosts.ts'

/**
 * Whether a URL leads to a server on a port of this machine. If a user exports ANTHROPIC_BASE_URL
 * for clients and starts the server in the same shell, the runtime would ask this server, which
 * asks the runtime.
 */
export function isOwnAddress(port: number, url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false
  const { hostname, port: named, protocol } = new URL(url)
  const isHere = isLoopback(hostname) || hostname === '0.0.0.0' || hostname === '[::]'
  return isHere && Number(named || (protocol === 'https:' ? 443 : 80)) === port
}
