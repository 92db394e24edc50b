import { hostAndPort } from '../../config/address.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { portOwner } from '../shell.ts'

export function checkPort({
  port: state,
  configuration,
  runtime,
}: Pick<Facts, 'port' | 'configuration' | 'runtime'>): Finding {
  const { host, port } = configuration.config
  const name = 'port'
  const address = hostAndPort(host, port)
  const other = 'choose another one: --port, CSP_PORT, or port in config.txt'
  switch (state.kind) {
    case 'free':
      return {
        name,
        level: 'ok',
        text: port === 0 ? `${host}, any free port` : `${address} is free`,
      }
    case 'ours':
      return { name, level: 'ok', text: `${address}: claude-sub-proxy ${state.version} is running` }
    case 'taken':
      return {
        name,
        level: 'error',
        text: `${address} is in use by another program`,
        fix: `Stop it (${portOwner(port, runtime.system.platform)} names it), or ${other}.`,
      }
    case 'refused':
      return {
        name,
        level: 'error',
        text: `can't listen on ${address} (${state.code})`,
        fix: fixFor(state.code, other),
      }
    default:
      throw new TypeError(`unknown state: ${JSON.stringify(state satisfies never)}`)
  }
}

function fixFor(code: string, other: string): string {
  return code === 'EACCES'
    ? `Only the administrator may use ports below 1024: ${other}.`
    : 'This machine has no such address: change --host, CSP_HOST, or host in config.txt.'
}
