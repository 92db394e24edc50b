import { describe, expect, test } from 'vitest'

import {
  diagnosedIn,
  isBarred,
  isBoundElsewhere,
  isUnreadableCall,
  NOT_LOGGED_IN,
  toApiError,
} from './failures.ts'

const BODY = JSON.stringify({
  type: 'error',
  error: { type: 'rate_limit_error', message: 'Number of requests has exceeded your limit' },
  request_id: 'req_own',
})

test.each([
  [{ text: "API Error: Header 'anthropic-beta' has invalid value" }, true],
  [{ text: 'API Error: Connection error.' }, false],
  [{ status: 400, text: "API Error: 400 Header 'anthropic-beta' has invalid value" }, false],
])('a request that the gate stopped is recognised: %j', (failure, expected) => {
  expect(isBarred(failure)).toBe(expected)
})

test('thoughts of another conversation and changed thoughts get different errors', () => {
  const place = 'messages.1.content.0: Invalid `signature` in `thinking` block'
  const elsewhere = `${place}. The block is bound to a different conversation.`
  expect(isBoundElsewhere({ status: 400, body: elsewhere })).toBe(true)
  expect(isBoundElsewhere({ status: 400, body: place })).toBe(false)
})

test.each([
  [{ text: 'Stream event unreadable' }, 'mcp_tool_use', true],
  [{ text: 'Stream event unreadable' }, 'text', false],
  [{ text: 'Connection error.' }, 'mcp_tool_use', false],
  [{ status: 529, text: 'unreadable' }, 'mcp_tool_use', false],
])('%j in a block %s: an unreadable call of the MCP connector: %s', (failure, block, expected) => {
  expect(isUnreadableCall(failure, block)).toBe(expected)
})

describe('a line of diagnostics', () => {
  test('has status and body of a failed request', () => {
    const line = `2026-01-01T00:00:00.000Z [ERROR] API error (attempt 1/1): 429 429 ${BODY}`
    expect(diagnosedIn(line)).toEqual({ status: 429, body: BODY })
  })

  test('has them if the status occurs once', () => {
    expect(diagnosedIn('[ERROR] API error (attempt 1/1): 502 Bad gateway')).toEqual({
      status: 502,
      body: 'Bad gateway',
    })
  })

  test.each([
    '',
    '[DEBUG] something',
    '[ERROR] API error (attempt 1/1): Connection error.',
    '[ERROR] another error: 429 429 {}',
  ])('has nothing otherwise: %j', (line) => {
    expect(diagnosedIn(line)).toBeUndefined()
  })
})

describe("the error for the client is the API's own", () => {
  test('with status, type, message and request id, if the runtime rewords them', () => {
    const failure = { status: 429, text: 'You have reached a limit. Try later.' }
    expect(toApiError(failure, { status: 429, body: BODY })).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      message: 'Number of requests has exceeded your limit',
      requestId: 'req_own',
    })
  })

  test('as the runtime repeats it: in the diagnostics long numbers are blacked out', () => {
    const error = { type: 'invalid_request_error', message: 'at most [REDACTED] tokens' }
    const body = JSON.stringify({ error })
    const failure = { status: 400, text: 'API Error: 400 at most 123456789012 tokens' }
    expect(toApiError(failure, { status: 400, body })).toMatchObject({
      type: 'invalid_request_error',
      message: 'at most 123456789012 tokens',
    })
  })

  test('with its details, which programs read', () => {
    const details = { error_code: 'made_up' }
    const body = JSON.stringify({ error: { type: 'a', message: 'b', details } })
    expect(toApiError({ status: 400, text: '' }, { status: 400, body })).toMatchObject({ details })
  })

  test('with an unknown type', () => {
    const body = JSON.stringify({ error: { type: 'teapot_error', message: 'short and stout' } })
    expect(toApiError({ status: 418, text: '' }, { status: 418, body })).toMatchObject({
      status: 418,
      type: 'teapot_error',
      message: 'short and stout',
    })
  })

  test('with its retry-after, if known', () => {
    expect(toApiError({ status: 429, text: '' }, undefined, 60).retryAfter).toBe(60)
    expect(toApiError({ status: 429, text: '' }, undefined).retryAfter).toBeUndefined()
  })

  test('and not that of another request that is still in the diagnostics', () => {
    const failure = { status: 400, type: 'invalid_request_error', text: 'API Error: 400 made up' }
    expect(toApiError(failure, { status: 429, body: BODY })).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: 'made up',
    })
  })

  test("as the runtime reports it, if the body is not the API's", () => {
    const failure = { status: 502, requestId: 'req_told', text: 'API Error: 502 Bad gateway' }
    expect(toApiError(failure, { status: 502, body: '<html>' })).toMatchObject({
      status: 502,
      type: 'api_error',
      message: 'Bad gateway',
      requestId: 'req_told',
    })
  })

  test.each(['null', '[]', '{}', '{"error":null}', '{"error":{"type":1,"message":"a"}}'])(
    'as the runtime reports it, if the body is %s',
    (body) => {
      const failure = { status: 500, text: 'API Error: 500 made up' }
      expect(toApiError(failure, { status: 500, body })).toMatchObject({
        type: 'api_error',
        message: 'made up',
      })
    },
  )
})

describe("the runtime's own words are removed", () => {
  test.each([
    ['API Error: 400 messages: made up', 'messages: made up'],
    ['API Error: made up', 'made up'],
    ['Failed to authenticate. API Error: 401 invalid x-api-key', 'invalid x-api-key'],
    ['API Error: Request rejected (429) · made up', 'made up'],
    [
      'API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again.',
      'Overloaded',
    ],
    ['messages: API Error: 400 is data here', 'messages: API Error: 400 is data here'],
  ])('%j', (text, message) => {
    expect(toApiError({ status: 400, text }, undefined).message).toBe(message)
  })
})

describe('a failure without a status', () => {
  test('is a bad gateway: the API gave no answer', () => {
    const text = 'API Error: Connection error.'
    expect(toApiError({ text }, undefined)).toMatchObject({
      status: 502,
      type: 'api_error',
      message: 'Connection error.',
    })
  })

  test('is a 401 with a fix, if nobody is logged in', () => {
    const failure = { kind: 'authentication_failed', text: 'Not logged in · Please run /login' }
    const error = toApiError(failure, undefined)
    expect(error).toMatchObject({ status: 401, type: 'authentication_error' })
    expect(error.message).toBe(NOT_LOGGED_IN)
  })

  test('is not that 401 if the API refused the login', () => {
    const failure = { status: 401, kind: 'authentication_failed', text: 'API Error: 401 no' }
    expect(toApiError(failure, undefined)).toMatchObject({ status: 401, message: 'no' })
  })
})
