import { BlockList, isIP } from 'node:net'
import type { ValueType } from './value-type.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Whether only this machine can reach a host: `localhost`, 127.0.0.0/8 or ::1. An IPv6 address may
 * be in brackets or contain an IPv4 address. The host has no port.
 */
export function isLoopback(host: string): boolean {
  const bare = withoutBrackets(host)
  switch (isIP(bare)) {
    case 4:
      return LOOPBACK.check(bare, 'ipv4')
    case 6:
      return LOOPBACK.check(bare, 'ipv6')
    default:
      return bare.toLowerCase() === 'localhost'
  }
}

/** An IP address or a host name to listen on. */
export const listenHost: ValueType<string> = {
  placeholder: 'host',
  allowed: 'an IP address or a host name, without a port',
  allowedValue: 'an IP address (without brackets) or a host name, without a port',
  parse(text) {
    const host = withoutBrackets(text)
    return isHost(host) ? host : undefined
  },
  accepts: (value) => typeof value === 'string' && isHost(value),
}

/** Further names and addresses of this machine, separated by commas. */
export const hostNames: ValueType<readonly string[]> = {
  placeholder: 'hosts',
  allowed: 'host names or IP addresses separated by commas, without ports',
  allowedValue: 'a list of host names or IP addresses in lower case, without ports and brackets',
  parse(text) {
    const hosts = text.split(',').map((part) => bareHost(part.trim()))
    return hosts.every(isHost) ? hosts : undefined
  },
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((host) => typeof host === 'string' && isHost(host) && bareHost(host) === host),
}

/** A host in the form of `hostNames`. */
export function bareHost(host: string): string {
  return withoutBrackets(host).toLowerCase()
}

/** The value of `allowed_hosts` that allows one more host; undefined if it is not a host. */
export function hostsWith(host: string, allowed: readonly string[]): string | undefined {
  const bare = bareHost(host)
  return isHost(bare) ? [...allowed, bare].join(', ') : undefined
}

/** The last label is not a number, as in the URL standard: `127.0.1` is a mistake, not a name. */
const HOST_NAME = /^(?!.*(?:^|\.)\d+\.?$)(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/i

function isHost(host: string): boolean {
  return isIP(host) !== 0 || (host.length <= 253 && HOST_NAME.test(host))
}

function withoutBrackets(host: string): string {
  return /^\[(.*:.*)\]$/.exec(host)?.[1] ?? host
}
