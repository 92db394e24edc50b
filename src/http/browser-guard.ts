import { bareHost, hostsWith, isLoopback } from '../config/hosts.ts'
import { isAllowedOrigin, originsWith } from '../config/origins.ts'
import { ApiError } from '../errors.ts'

export type BrowserRules = {
  /** The values of `cors_origins`. */
  corsOrigins: readonly string[]
  /** The values of `allowed_hosts`. */
  allowedHosts: readonly string[]
}

/**
 * Keeps web pages away from a proxy without a key. Any page can send a request to a loopback port.
 * A page whose domain resolves to the loopback address (DNS rebinding) could also read the answer.
 *
 * @throws ApiError 403 `permission_error` for a `Host` that is not this machine, for an `Origin`
 * that is neither the proxy's own nor allowed, and for loads that another page caused (an image, a
 * frame, a link: these have no `Origin`). The message has the configuration line that would allow
 * the request.
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
