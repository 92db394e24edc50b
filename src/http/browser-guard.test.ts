import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { isLoopback } from '../config/hosts.ts'
import { ApiError } from '../errors.ts'
import { checkBrowser } from './browser-guard.ts'

const APP = 'https://app.example'

function check(
  headers: Record<string, string>,
  corsOrigins: string[] = [],
  allowedHosts: string[] = [],
): unknown {
  try {
    checkBrowser(new Request('http://localhost/', { headers }), { corsOrigins, allowedHosts })
    return 'allowed'
  } catch (error) {
    return error
  }
}

test.each<[Record<string, string>, string[]]>([
  [{}, []],
  [{ host: 'localhost' }, []],
  [{ host: 'localhost:42069' }, []],
  [{ host: '127.0.0.1:42069' }, []],
  [{ host: '[::1]:42069' }, []],
  [{ host: '[::ffff:127.0.0.1]:42069' }, []],
  [{ host: 'localhost:42069', origin: 'http://localhost:42069' }, []],
  [{ host: 'localhost:42069', origin: 'https://localhost:42069' }, []],
  [{ host: 'localhost:42069', origin: APP }, [APP]],
  [{ host: 'localhost:42069', origin: APP }, ['*']],
  [{ origin: APP }, [APP]],
  [{ host: 'localhost', 'sec-fetch-site': 'none' }, []],
  [{ host: 'localhost', 'sec-fetch-site': 'same-origin' }, []],
  [{ host: 'localhost', 'sec-fetch-site': 'cross-site' }, ['*']],
  [{ host: 'localhost', 'sec-fetch-site': 'cross-site', origin: APP }, [APP]],
])('%j is allowed, with %j as cors_origins', (headers, allowed) => {
  expect(check(headers, allowed)).toBe('allowed')
})

test.each<[Record<string, string>, string[]]>([
  [{ host: 'evil.example' }, []],
  [{ host: 'evil.example' }, ['*']],
  [{ host: 'localhost.evil.example:1' }, []],
  [{ host: '[::2]:1' }, []],
  [{ host: 'localhost:42069', origin: APP }, []],
  [{ host: 'localhost:42069', origin: 'null' }, []],
  [{ host: 'localhost:42069', origin: 'http://localhost:42070' }, []],
  [{ host: 'localhost:42069', origin: 'http://localhost' }, []],
  [{ host: 'localhost:42069', origin: 'http://127.0.0.1:42069' }, []],
  [{ host: 'localhost:42069', origin: `${APP}.evil.example` }, [APP]],
  [{ host: 'localhost:42069', origin: `${APP}:8080` }, [APP]],
  [{ origin: APP }, []],
  [{ host: 'localhost', 'sec-fetch-site': 'cross-site' }, []],
  [{ host: 'localhost', 'sec-fetch-site': 'cross-site' }, [APP]],
  [{ host: 'localhost', 'sec-fetch-site': 'same-site' }, []],
])('%j is refused with 403, with %j as cors_origins', (headers, allowed) => {
  const refused = check(headers, allowed)
  expect(refused).toBeInstanceOf(ApiError)
  expect(refused).toMatchObject({ type: 'permission_error', status: 403 })
})

test('the error names the refused value, and the value can not end its quotes', () => {
  expect(check({ host: 'localhost', origin: 'https://a"b.example' })).toHaveProperty(
    'message',
    expect.stringContaining(String.raw`"https://a\"b.example"`),
  )
})

test.each<[string, string[], string]>([
  [APP, [], `cors_origins = ${APP}`],
  ['https://b.example:1', [APP, 'vscode'], `cors_origins = ${APP}, vscode, https://b.example:1`],
  ['vscode-webview://0a1b', [], 'cors_origins = vscode'],
  ['app://obsidian.md', [], 'cors_origins = obsidian'],
  ['http://tauri.localhost', [], 'cors_origins = tauri'],
  ['chrome-extension://abc', [], 'cors_origins = chrome-extension://abc'],
])(
  'the error for the origin %s, with %j, has the line of configuration that allows it',
  (origin, allowed, line) => {
    const headers = { host: 'localhost:42069', origin }
    expect(check(headers, allowed)).toHaveProperty(
      'message',
      expect.stringMatching(new RegExp(`write into config.txt: ${line}$`)),
    )
    const entries = line.replace('cors_origins = ', '').split(', ')
    expect(check(headers, entries)).toBe('allowed')
  },
)

test.each(['null', 'https://a.example/path', 'https://a.example, *'])(
  'the error for the origin %j has no line: no line allows only this origin',
  (origin) => {
    expect(check({ host: 'localhost', origin })).toHaveProperty(
      'message',
      expect.not.stringContaining('config.txt'),
    )
  },
)

test.each<[string, string[], string]>([
  ['host.docker.internal:42069', [], 'host.docker.internal'],
  ['My-Mac.local', ['host.docker.internal'], 'host.docker.internal, my-mac.local'],
  ['192.168.1.10:42069', [], '192.168.1.10'],
  ['[fd00::1]:42069', [], 'fd00::1'],
])(
  'the error for the host %s, with %j, has the line of configuration that allows it',
  (host, allowed, line) => {
    expect(check({ host }, [], allowed)).toHaveProperty(
      'message',
      expect.stringMatching(new RegExp(`write into config.txt: allowed_hosts = ${line}$`)),
    )
    expect(check({ host }, [], line.split(', '))).toBe('allowed')
  },
)

test('the error for an invalid host has no line', () => {
  expect(check({ host: 'a b"c' })).toHaveProperty(
    'message',
    expect.not.stringContaining('config.txt'),
  )
})

test('an allowed host is that name alone, and allows only pages of that host', () => {
  const allowed = ['host.docker.internal']
  expect(check({ host: 'evil.host.docker.internal' }, [], allowed)).toBeInstanceOf(ApiError)
  expect(check({ host: 'host.docker.internal.evil.example' }, [], allowed)).toBeInstanceOf(ApiError)
  const host = 'host.docker.internal:42069'
  expect(check({ host, origin: APP }, [], allowed)).toBeInstanceOf(ApiError)
  expect(check({ host, origin: `http://${host}` }, [], allowed)).toBe('allowed')
})

test('only this machine’s own names are allowed, and no origin', () => {
  const elsewhere = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  )
  fc.assert(
    fc.property(elsewhere, fc.webUrl(), fc.option(fc.nat(65_535)), (name, url, port) => {
      const host = port === null ? name : `${name}:${port}`
      const isHere = isLoopback(name)
      expect(check({ host }) === 'allowed').toBe(isHere)
      const { origin } = new URL(url)
      expect(check({ host: 'localhost:42069', origin })).toMatchObject({ status: 403 })
    }),
  )
})
