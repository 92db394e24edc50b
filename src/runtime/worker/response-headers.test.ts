import { expect, test } from 'vitest'

import { ResponseHeaders } from './response-headers.ts'

function headersIn(...lines: string[]): ResponseHeaders {
  const headers = new ResponseHeaders()
  for (const line of lines) headers.read(line)
  return headers
}

const BEGINNING = [
  '2026-11-25T09:00:00.000Z [DEBUG] [Anthropic SDK DEBUG] [log_ac0dd3] response error (error; not retryable) {',
  '  url: "http://127.0.0.1:1/v1/messages?beta=true",',
  '  status: 429,',
  '  headers: {',
]

test('the retry-after of an answer is read', () => {
  const lines = [
    '    "request-id": "req_1",',
    '    "retry-after": "7",',
    '  },',
    '  durationMs: 3,',
    '}',
  ]
  expect(headersIn(...BEGINNING, ...lines).retryAfter).toBe(7)
})

test.each([
  ['"0"', 1],
  ['"1.2"', 2],
  ['"Wed, 25 Nov 2026 09:00:00 GMT"', undefined],
])('a retry-after of %s is %s', (value, seconds) => {
  expect(headersIn(...BEGINNING, `    "retry-after": ${value},`).retryAfter).toBe(seconds)
})

test('the next answer has headers of its own', () => {
  const headers = headersIn(...BEGINNING, '    "retry-after": "7",', '  },')
  headers.read('[Anthropic SDK DEBUG] [log_2] response start {')
  expect(headers.retryAfter).toBeUndefined()
})

test('a line that looks like a header elsewhere is ignored', () => {
  expect(headersIn('    "retry-after": "7",').retryAfter).toBeUndefined()
  const afterTheEnd = headersIn(...BEGINNING, '    "a": "b",', '  },', '    "retry-after": "7",')
  expect(afterTheEnd.retryAfter).toBeUndefined()
})
