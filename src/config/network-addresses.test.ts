import { expect, test } from 'vitest'

import { networkAddresses } from './network-addresses.ts'

const INTERFACES = {
  lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true }],
  wlan0: [
    { address: '192.168.1.20', family: 'IPv4', internal: false },
    { address: 'fe80::1', family: 'IPv6', internal: false },
  ],
  docker0: [{ address: '172.17.0.1', family: 'IPv4', internal: false }],
  gone: undefined,
}

test.each(['0.0.0.0', '::'])('a server on %s has the addresses of the real networks', (host) => {
  expect(networkAddresses(host, 8080, INTERFACES)).toEqual(['http://192.168.1.20:8080'])
})

test.each(['127.0.0.1', '::1', 'localhost', '127.1.2.3'])(
  'other devices can not reach a server on %s',
  (host) => {
    expect(networkAddresses(host, 8080, INTERFACES)).toEqual([])
  },
)

test.each([
  ['192.168.1.20', 'http://192.168.1.20:8080'],
  ['fd00::2', 'http://[fd00::2]:8080'],
  ['build.example', 'http://build.example:8080'],
])('a server on %s has this address', (host, address) => {
  expect(networkAddresses(host, 8080, INTERFACES)).toEqual([address])
})
