import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { PROVIDERS } from './provider.ts'

/** Checks whether the API can be reached; undefined if this was not requested. */
export function checkOnline({
  api,
  variables,
}: Pick<Facts, 'api' | 'variables'>): Finding | undefined {
  const { origin, reached } = api
  const name = 'online'
  if (reached === undefined) return undefined
  const provider = Object.keys(PROVIDERS).find((variable) => variables.has(variable))
  if (provider !== undefined) {
    const text = `${provider} sends requests to another address; --turn shows whether they arrive`
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
        text: `the network proxy ${reached.proxy} accepts connections; --turn shows whether it leads to ${origin}`,
      }
    case 'failed':
      return {
        name,
        level: 'error',
        text: `${reached.proxy ?? origin} can't be reached (${reached.reason})`,
        fix:
          reached.proxy === undefined
            ? 'Check the network: DNS, firewall, and whether a network proxy is needed (HTTPS_PROXY). For your own certificates, set NODE_EXTRA_CA_CERTS.'
            : 'Correct HTTPS_PROXY, or start the network proxy.',
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(reached satisfies never)}`)
  }
}
