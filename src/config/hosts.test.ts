import { expect, it } from 'vitest'
import { hostNames, isLoopback } from './hosts.ts'

it.each([
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST',
])('%s is only this machine', (host) => {
  expect(isLoopback(host)).toBe(true)
})

it.each([
  '0.0.0.0',
  '::',
  '128.0.0.1',
  '192.168.0.1',
  '::ffff:10.0.0.1',
  '127.0.0.1.example',
  'localhost.example',
  'notlocalhost',
  '',
])('%j can be reached from elsewhere', (host) => {
  expect(isLoopback(host)).toBe(false)
})

it.each([
  ['host.docker.internal', ['host.docker.internal']],
  ['My-Mac.local, [FD00::1]', ['my-mac.local', 'fd00::1']],
  ['192.168.1.10', ['192.168.1.10']],
])('other names of this machine: %j becomes %j', (text, read) => {
  expect(hostNames.parse(text)).toEqual(read)
  expect(hostNames.accepts(read)).toBe(true)
})

it.each(['*', '*.local', 'a.local:8080', 'http://a.local', 'a b', 'a.local,,b.local', '127.0.1'])(
  'other names of this machine: %j is refused',
  (text) => {
    expect(hostNames.parse(text)).toBeUndefined()
    expect(hostNames.accepts([text])).toBe(false)
  },
)
