import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { error } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { NO_LOGIN, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'

let bench: Bench

beforeEach(() => bench.standin.reset())
afterAll(() => bench.close())

describe('without a login', () => {
  beforeAll(async () => {
    bench = await startBench({ login: NO_LOGIN })
  })

  test.each([true, false])('a request gets a 401 with the fix (stream: %s)', async (stream) => {
    const response = await bench.post(asking('Hello?', { stream }))

    expect(response.status).toBe(401)
    expect(await response.json()).toStrictEqual({
      type: 'error',
      error: {
        type: 'authentication_error',
        message: expect.stringMatching(/not logged in.*claude-sub-proxy login.*ANTHROPIC_API_KEY/s),
      },
      request_id: response.headers.get('request-id'),
    })
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    expect(bench.standin.messages).toHaveLength(0)
  })
})

describe('with a subscription', () => {
  beforeAll(async () => {
    await bench.close()
    bench = await startBench({ login: SUBSCRIPTION_LOGIN })
  })

  test.each([true, false])('a limit has the time of its end (stream: %s)', async (stream) => {
    const resetsAt = Math.floor(Date.now() / 1000) + 3600
    bench.standin.reply(
      error(429, 'rate_limit_error', 'You have reached the limit of your plan.', {
        'anthropic-ratelimit-unified-status': 'rejected',
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
        'anthropic-ratelimit-unified-reset': String(resetsAt),
      }),
    )

    const response = await bench.post(asking('Once more.', { stream }))
    const retryAfter = Number(response.headers.get('retry-after'))

    expect(response.status).toBe(429)
    expect(await response.json()).toStrictEqual({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'You have reached the limit of your plan.' },
      request_id: bench.standin.messages[0]?.requestId,
    })
    // Seconds, from the time of the answer to that of the reset.
    expect(retryAfter).toBeGreaterThan(3600 - 60)
    expect(retryAfter).toBeLessThanOrEqual(3600)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test.each([
    [400, 'invalid_request_error', 'Something is too much.'],
    [403, 'permission_error', 'Not with this plan.'],
    [413, 'request_too_large', 'Request exceeds the maximum size'],
    [500, 'api_error', 'Internal server error'],
    [529, 'overloaded_error', 'Overloaded'],
  ])('%i %s is passed on unchanged', async (status, type, message) => {
    bench.standin.answer = () => error(status, type, message)

    const response = await bench.post(asking('Try it.'))

    const requestId = bench.standin.messages[0]?.requestId
    expect(response.status).toBe(status)
    expect(response.headers.get('request-id')).toBe(requestId)
    expect(await response.json()).toStrictEqual({
      type: 'error',
      error: { type, message },
      request_id: requestId,
    })
    expect(bench.standin.messages).toHaveLength(1)
    expect(bench.standin.messages[0]?.headers.authorization).toMatch(/^Bearer /)
  })

  test('a token that is refused is a 401', async () => {
    const message = 'OAuth token has expired.'
    bench.standin.answer = () => error(401, 'authentication_error', message)

    const response = await bench.post(asking('Try it.'))

    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      error: { type: 'authentication_error', message },
    })
    // A limit: the runtime refreshes its login and repeats the request.
    expect(bench.standin.messages.length).toBeLessThanOrEqual(2)
  })
})
