import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { isLoopback } from '../config/hosts.ts'
import { ApiError } from '../errors.ts'
import { checkBrowser, isAllowed } from './browser-guard.ts'

const APP = 'https://app.example'

function check(headers: Record<string, string>, allowed: string[] = []): unknown {
  try {
    checkBrowser(new Request('http://localhost/', { headers }), allowed)
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

test('the error names what was refused, as text that can not leave its quotes', () => {
  expect(check({ host: 'localhost', origin: 'https://a"b.example' })).toHaveProperty(
    'message',
    expect.stringContaining(String.raw`"https://a\"b.example"`),
  )
})

test('an origin is allowed as it is spelled', () => {
  expect(isAllowed(APP, [APP])).toBe(true)
  expect(isAllowed('HTTPS://app.example', [APP])).toBe(false)
  expect(isAllowed(APP, [])).toBe(false)
})

test('no name but this machine’s own gets in, nor any origin', () => {
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
