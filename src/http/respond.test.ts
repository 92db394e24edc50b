import * as fc from 'fast-check'
import { Hono } from 'hono'
import { expect, test } from 'vitest'

import { anyText } from '../../test/support/arbitraries.ts'
import { ApiError, type ApiErrorOptions } from '../errors.ts'
import { errorResponse } from './respond.ts'

async function answerTo(error: unknown): Promise<Response> {
  const app = new Hono<{ Variables: { requestId: string } }>()
  app.use(async (context, next) => {
    context.set('requestId', 'req_own')
    await next()
  })
  app.get('/', () => {
    throw error
  })
  app.onError((thrown, context) => errorResponse(context, thrown))
  return app.request('/')
}

function failed(options: ApiErrorOptions): Promise<Response> {
  return answerTo(new ApiError('api_error', 'made up', options))
}

test.each(['a\r\nset-cookie: b', 'a b', 'é', '', 'a'.repeat(1000)])(
  'an invalid id is not set as a header: %j',
  async (requestId) => {
    const response = await failed({ requestId })
    expect(response.headers.get('request-id')).toBe('req_own')
    expect(response.headers.get('set-cookie')).toBeNull()
  },
)

test.each([0, 101, 200, 204, 302, 304, 600, 1000, Number.NaN])(
  'an error with the invalid status %d is answered with 502',
  async (status) => {
    const response = await failed({ status })
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ type: 'error' })
  },
)

test.each([Number.NaN, -1])('a retry-after of %d seconds is not sent', async (retryAfter) => {
  expect((await failed({ retryAfter })).headers.has('retry-after')).toBe(false)
})

test('any thrown value is answered as an error, with only the headers of the proxy', async () => {
  const error = fc
    .record({
      type: anyText,
      message: anyText,
      status: fc.oneof(fc.double(), fc.nat(1000)),
      requestId: anyText,
      retryAfter: fc.nat(),
    })
    .map(({ type, message, ...options }) => new ApiError(type, message, options))
  await fc.assert(
    fc.asyncProperty(error, async (thrown) => {
      const response = await answerTo(thrown)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect([...response.headers.keys()]).toEqual(['content-type', 'request-id', 'retry-after'])
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: thrown.type, message: thrown.message },
      })
    }),
  )
})
