import { bareHost, hostsWith, isLoopback } from '../config/hosts.ts'
import { isAllowedOrigin, originsWith } from '../config/origins.ts'
import { ApiError } from '../errors.ts'

export type BrowserRules = {
  /** As `cors_origins` has them. */
  corsOrigins: readonly string[]
  /** As `allowed_hosts` has them. */
  allowedHosts: readonly string[]
}

/**
 * Keeps pages in a browser away from a proxy that is open on this machine: any page may send a
 * request to a loopback port, and one whose name was made to resolve to it (DNS rebinding) may read
 * the answer too.
 *
 * @throws ApiError 403 `permission_error` for a `Host` that is not this machine, for an `Origin` that
 * is neither the proxy's own nor allowed, and for what another page had its browser load (an image,
 * a frame, a link: no `Origin` is sent then). It has the line of the configuration that would allow it.
 */
export function checkBrowser(request: Request, { corsOrigins, allowedHosts }: BrowserRules): void {
  const host = request.headers.get('host')
  if (host !== null && !isOurs(hostName(host), allowedHosts)) {
    const line = lineOf('allowed_hosts', hostsWith(hostName(host), allowedHosts))
    throw refused(`The host ${JSON.stringify(host)} is not this machine.`, line)
  }
  const origin = request.headers.get('origin')
  if (origin === null) checkSite(request.headers.get('sec-fetch-site'), corsOrigins)
  else if (!isAllowedOrigin(origin, corsOrigins) && !isOwn(origin, host)) {
    const line = lineOf('cors_origins', originsWith(origin, corsOrigins))
    throw refused(`The origin ${JSON.stringify(origin)} may not use this proxy.`, line)
  }
}

function isOurs(name: string, allowedHosts: readonly string[]): boolean {
  return isLoopback(name) || allowedHosts.includes(bareHost(name))
}

function lineOf(key: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${key} = ${value}`
}

function refused(what: string, line: string | undefined): ApiError {
  const way = line === undefined ? '' : ` If you trust it, write into config.txt: ${line}`
  return new ApiError('permission_error', what + way)
}

/** A page can't change this header. Source: https://www.w3.org/TR/fetch-metadata/ */
function checkSite(site: string | null, allowedOrigins: readonly string[]): void {
  if (site === null || site === 'same-origin' || site === 'none') return
  if (allowedOrigins.includes('*')) return
  throw new ApiError('permission_error', 'Pages of other origins may not use this proxy.')
}

function isOwn(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`)
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, '')
}
