import { isLoopback } from '../config/hosts.ts'
import { ApiError } from '../errors.ts'

/**
 * Keeps pages in a browser away from a proxy that is open on this machine: any page may send a
 * request to a loopback port, and one whose name was made to resolve to it (DNS rebinding) may read
 * the answer too.
 *
 * @throws ApiError 403 `permission_error` for a `Host` that is not this machine, or an `Origin`
 * that is neither the proxy's own nor allowed
 */
export function checkBrowser(request: Request, allowedOrigins: readonly string[]): void {
  const host = request.headers.get('host')
  if (host !== null && !isLoopback(hostName(host))) {
    throw new ApiError(
      'permission_error',
      `The host ${JSON.stringify(host)} is not this machine. Set proxy_api_key to serve under other names.`,
    )
  }
  const origin = request.headers.get('origin')
  if (origin === null || isAllowed(origin, allowedOrigins) || isOwn(origin, host)) return
  throw new ApiError(
    'permission_error',
    `The origin ${JSON.stringify(origin)} may not use this proxy. Add it to cors_origins to allow it.`,
  )
}

export function isAllowed(origin: string, allowedOrigins: readonly string[]): boolean {
  return allowedOrigins.includes('*') || allowedOrigins.includes(origin)
}

function isOwn(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`)
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, '')
}
