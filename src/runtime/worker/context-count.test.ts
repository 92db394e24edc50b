import { expect, test } from 'vitest'

import { countFailureIn } from './context-count.ts'

const TIME = '2026-11-23T19:10:32.029Z'

test.each([
  [
    '429 {"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}',
    { status: 429, type: 'rate_limit_error', message: 'Slow down.' },
  ],
  ['503 <html>', { status: 503, type: 'api_error' }],
  ['Connection error.', { status: 502, type: 'api_error', message: 'Connection error.' }],
  ['Could not resolve authentication method. Expected …', { status: 401 }],
])('a count failed: %s', (told, error) => {
  const line = `${TIME} [ERROR] countTokens API call failed: ${told}`
  expect(countFailureIn(line)).toMatchObject(error)
})

test('other lines report no failed count', () => {
  expect(countFailureIn(`${TIME} [DEBUG] [API REQUEST] /v1/messages/count_tokens`)).toBeUndefined()
})
