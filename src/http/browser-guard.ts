import { isLoopback } from '../config/hosts.ts'
import { ApiError } from '../errors.ts'

/**
 * Refuses requests of web pages to a proxy that needs no key. Any page in a browser can send a
 * request to a loopback port, and a page whose host name resolves to it (DNS rebinding) can also
 * read the answer.
 *
 * @throws ApiError 403 `permission_error` for a `Host` that is not this machine, for an `Origin` that
 * is neither the proxy's own nor allowed, and for what another page had its browser load (an image,
 * a frame, a link: no `Origin` is sent then)
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
  if (origin === null) checkSite(request.headers.get('sec-fetch-site'), allowedOrigins)
  else if (!isAllowed(origin, allowedOrigins) && !isOwn(origin, host)) {
    throw new ApiError(
      'permission_error',
      `The origin ${JSON.stringify(origin)} may not use this proxy. Add it to cors_origins to allow it.`,
    )
  }
}

export function isAllowed(origin: string, allowedOrigins: readonly string[]): boolean {
  return allowedOrigins.includes('*') || allowedOrigins.includes(origin)
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
