import { expect, it } from 'vitest'
import { isLoopback } from './hosts.ts'

it.each([
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST',
])('%s is this machine only', (host) => {
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
])('%j may be reached from elsewhere', (host) => {
  expect(isLoopback(host)).toBe(false)
})
