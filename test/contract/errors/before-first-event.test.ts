import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, cut, cutBeforeAnswer, error, events, raw } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'

const HTML = '<html><head><title>Bad gateway</title></head><body>nginx</body></html>'

/** The API's own messages: the proxy adds nothing and leaves nothing out. */
const ANSWERS: [status: number, type: string, message: string][] = [
  [400, 'invalid_request_error', 'max_tokens: 1000000 > 64000, which is the maximum'],
  [400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'],
  [400, 'invalid_request_error', 'API Error: 400 "quoted" — {"and":"more"}\nnext line'],
  [401, 'authentication_error', 'invalid x-api-key'],
  [402, 'billing_error', 'Your credit balance is too low to access the Anthropic API.'],
  [403, 'permission_error', 'Your API key does not have permission to use this model.'],
  [404, 'not_found_error', 'model: claude-made-up-1'],
  [413, 'request_too_large', 'Request exceeds the maximum size'],
  [422, 'invalid_request_error', 'Unprocessable'],
  [429, 'rate_limit_error', 'This request would exceed your rate limit of 50 requests a minute.'],
  [500, 'api_error', 'Internal server error'],
  [503, 'api_error', 'Service unavailable'],
  [504, 'timeout_error', 'The request timed out.'],
  [529, 'overloaded_error', 'Overloaded'],
  [529, 'overloaded_error', 'Overloaded. Try again later.'],
  [418, 'an_error_of_tomorrow', 'I am a teapot. This is a server-side issue.'],
]

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterEach(() => bench.standin.reset())

afterAll(() => bench.close())

describe('an answer of the API before the first event', () => {
  test.each(inTurn(ANSWERS))('%i %s: %s', async (status, type, message, stream) => {
    bench.standin.answer = () => error(status, type, message)

    const question = `What is ${status}: ${message}?`
    const response = await bench.post(asking(question, { stream }))

    // The second request of a 404 may come as late as in the next test.
    const asked = bench.standin.messages.filter(({ body }) => isAbout(question, body))
    expect(await answerOf(response)).toStrictEqual({
      status,
      contentType: 'application/json',
      requestId: asked[0]?.requestId,
      retryAfter: null,
      body: { type: 'error', error: { type, message }, request_id: asked[0]?.requestId },
    })
    // The runtime repeats the request after a 404, without streaming; it is stopped as soon as its
    // diagnostics report the 404, which is usually in time.
    if (status === 404) expect(asked.length).toBeLessThanOrEqual(2)
    else expect(asked).toHaveLength(1)
  })

  test.each([
    [429, true],
    [429, false],
    [529, true],
  ])(
    'the retry-after of a %i is passed on, and the request is made once (stream: %s)',
    async (status, stream) => {
      bench.standin.reply(error(status, 'rate_limit_error', 'Slow down.', { 'retry-after': '7' }))

      const response = await bench.post(asking('Try it.', { stream }))

      expect(response.status).toBe(status)
      expect(response.headers.get('retry-after')).toBe('7')
      const asked = bench.standin.messages.filter(({ body }) => isAbout('Try it.', body))
      expect(asked).toHaveLength(1)
    },
  )

  test.each([
    [502, true],
    [503, false],
  ])('a gateway’s page with status %i (stream: %s)', async (status, stream) => {
    bench.standin.reply(raw(status, { 'content-type': 'text/html' }, HTML))

    const response = await bench.post(asking('Try it.', { stream }))

    const [asked] = bench.standin.messages
    const answer = await answerOf(response)
    expect(answer).toMatchObject({
      status,
      contentType: 'application/json',
      requestId: asked?.requestId,
      body: { type: 'error', error: { type: 'api_error' }, request_id: asked?.requestId },
    })
    expect(messageIn(answer.body)).not.toMatch(/^API Error|^\s*$/)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('an error without the API’s shape', async () => {
    const body = JSON.stringify({ detail: 'no route' })
    bench.standin.reply(raw(400, { 'content-type': 'application/json' }, body))

    const answer = await answerOf(await bench.post(asking('Try it.')))

    expect(answer).toMatchObject({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error' } },
    })
    expect(messageIn(answer.body)).not.toMatch(/^API Error|^\s*$/)
    expect(bench.standin.messages).toHaveLength(1)
  })

  const noAnswers: [title: string, answer: Answer][] = [
    ['a stream that is cut before its first event', events([cut()])],
    ['an answer without anything in it', raw(200, { 'content-type': 'text/event-stream' }, '')],
    ['a stream without events', events([])],
    ['a page in place of a stream', raw(200, { 'content-type': 'text/html' }, HTML)],
  ]

  test.each(inTurn(noAnswers))('%s is an error of the gateway', async (_, answer, stream) => {
    bench.standin.reply(answer)
    await expectGatewayError(stream)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('a connection that is cut before each answer is an error of the gateway', async () => {
    // A request on a connection that was idle is repeated: see asked-again.test.ts.
    bench.standin.answer = () => cutBeforeAnswer()
    await expectGatewayError(false)
  })

  const errorEvents: [status: number, type: string, message: string][] = [
    [529, 'overloaded_error', 'Overloaded'],
    [500, 'api_error', 'Internal server error'],
    [429, 'rate_limit_error', 'Slow down.'],
  ]

  test.each(inTurn(errorEvents))(
    'an error event as the first event: %i %s',
    async (status, type, message, stream) => {
      bench.standin.reply(events([{ type: 'error', error: { type, message } }]))

      const answer = await answerOf(await bench.post(asking('Try it.', { stream })))

      expect(answer).toMatchObject({
        status,
        contentType: 'application/json',
        body: { type: 'error', error: { type, message } },
      })
      expect(bench.standin.messages).toHaveLength(1)
    },
  )
})

describe('an API that can not be reached', () => {
  let unreachable: Bench

  beforeAll(async () => {
    unreachable = await startBench()
    await unreachable.standin.close()
  })

  afterAll(() => unreachable.close())

  test.each([true, false])(
    'is an error of the gateway after a refused connection (stream: %s)',
    async (stream) => {
      const answer = await answerOf(await unreachable.post(asking('Try it.', { stream })))

      expect(answer).toMatchObject({
        status: 502,
        contentType: 'application/json',
        body: { type: 'error', error: { type: 'api_error' } },
      })
      expect(messageIn(answer.body)).toMatch(/connect/i)
      expect(messageIn(answer.body)).not.toMatch(/^API Error/)
    },
  )
})

test('the next request succeeds after an error', async () => {
  bench.standin.reply(error(500, 'api_error', 'Internal server error'))
  const failed = await bench.post(asking('First.'))
  const next = await bench.post(asking('First.'))

  expect([failed.status, next.status]).toEqual([500, 200])
})

/**
 * The cases, every other one with a stream: before the first event, the path is the same with and
 * without a stream.
 */
function inTurn<Case extends unknown[]>(cases: Case[]): [...Case, stream: boolean][] {
  return cases.map((one, index) => [...one, index % 2 === 0])
}

function isAbout(question: string, body: unknown): boolean {
  return JSON.stringify(body).includes(JSON.stringify(question).slice(1, -1))
}

async function answerOf(response: Response) {
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    requestId: response.headers.get('request-id'),
    retryAfter: response.headers.get('retry-after'),
    body: await response.json(),
  }
}

function messageIn(body: unknown): string {
  return (body as { error: { message: string } }).error.message
}

async function expectGatewayError(stream: boolean): Promise<void> {
  const told = await answerOf(await bench.post(asking('Try it.', { stream })))
  expect(told).toMatchObject({
    status: 502,
    contentType: 'application/json',
    body: { type: 'error', error: { type: 'api_error' } },
  })
  expect(told.requestId).toMatch(/^req_/)
  expect(messageIn(told.body)).not.toMatch(/^API Error|^\s*$/)
}
