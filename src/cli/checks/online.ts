import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { PROVIDERS } from './provider.ts'

/** Whether the API is reached; undefined if that was not asked for. */
export function checkOnline({
  api,
  variables,
}: Pick<Facts, 'api' | 'variables'>): Finding | undefined {
  const { origin, reached } = api
  const name = 'online'
  if (reached === undefined) return undefined
  const provider = Object.keys(PROVIDERS).find((variable) => variables.has(variable))
  if (provider !== undefined) {
    const text = `${provider} sends requests elsewhere; --turn tells whether they arrive`
    return { name, level: 'skipped', text }
  }
  switch (reached.kind) {
    case 'answered':
      return {
        name,
        level: 'ok',
        text: `${origin} answers (status ${reached.status}, ${reached.milliseconds} ms)`,
      }
    case 'by proxy':
      return {
        name,
        level: 'ok',
        text: `the proxy ${reached.proxy} takes connections; whether ${origin} is behind it, --turn tells`,
      }
    case 'failed':
      return {
        name,
        level: 'error',
        text: `${reached.proxy ?? origin} is not reached (${reached.reason})`,
        fix:
          reached.proxy === undefined
            ? 'Check the network: name service, firewall, and whether a proxy is needed (HTTPS_PROXY); for certificates of your own, NODE_EXTRA_CA_CERTS.'
            : 'Correct HTTPS_PROXY, or start that proxy.',
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(reached satisfies never)}`)
  }
}
