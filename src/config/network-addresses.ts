import { networkInterfaces } from 'node:os'

import { hostAndPort } from './address.ts'
import { isLoopback } from './hosts.ts'

/** The addresses of a machine, by the names of its network interfaces. */
export type Interfaces = Readonly<
  Record<string, readonly { address: string; family: string; internal: boolean }[] | undefined>
>

/** Software networks of this machine, which other devices can't reach. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|cni|podman|bridge|utun)/

/**
 * The addresses under which other devices of the network may reach a server: `http://192.168.1.20:42069`.
 *
 * @param host the host that the server listens on
 * @returns none if only this machine can connect, or the machine has no address
 */
export function networkAddresses(
  host: string,
  port: number,
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  if (isLoopback(host)) return []
  if (host !== '0.0.0.0' && host !== '::') return [`http://${hostAndPort(host, port)}`]
  return Object.entries(interfaces)
    .filter(([name]) => !VIRTUAL.test(name))
    .flatMap(([, addresses = []]) => addresses)
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `http://${hostAndPort(address, port)}`)
}
