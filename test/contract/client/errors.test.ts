import Anthropic, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  ContentTooLargeError,
  GatewayTimeoutError,
  InternalServerError,
  NotFoundError,
  OverloadedError,
  PaymentRequiredError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { error, events } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import { type OfficialBench, startOfficialBench } from './official.ts'

const ASKED = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
}

const CLASSES: [status: number, type: string, errorClass: new (...parts: never[]) => APIError][] = [
  [400, 'invalid_request_error', BadRequestError],
  [401, 'authentication_error', AuthenticationError],
  [402, 'billing_error', PaymentRequiredError],
  [403, 'permission_error', PermissionDeniedError],
  [404, 'not_found_error', NotFoundError],
  [413, 'request_too_large', ContentTooLargeError],
  [429, 'rate_limit_error', RateLimitError],
  [500, 'api_error', InternalServerError],
  [504, 'timeout_error', GatewayTimeoutError],
  [529, 'overloaded_error', OverloadedError],
]

let bench: OfficialBench

beforeAll(async () => {
  bench = await startOfficialBench('over a socket')
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

describe('each error of the API has its class in the official client', () => {
  test.each(CLASSES)('%i %s', async (status, type, errorClass) => {
    await expectThrown(() => bench.client.messages.create(ASKED), status, type, errorClass)
  })

  test('for a stream as well', async () => {
    await expectThrown(
      () => bench.client.messages.stream(ASKED).finalMessage(),
      529,
      'overloaded_error',
      OverloadedError,
    )
  })

  test('an error event in a stream', async () => {
    const told = { type: 'overloaded_error', message: 'Overloaded' }
    const sent = eventsOf(textMessage('A long story.')).slice(0, 3)
    bench.standin.reply(events([...sent, { type: 'error', error: told }]))

    const stream = await bench.client.messages.create({ ...ASKED, stream: true })
    const received: unknown[] = []
    const thrown = await errorOf(
      (async () => {
        for await (const event of stream) received.push(event)
      })(),
    )

    expect(received).toEqual(sent)
    expect(thrown).toBeInstanceOf(APIError)
    expect(thrown).toMatchObject({
      status: undefined,
      type: 'overloaded_error',
      apiMessage: 'Overloaded',
    })
  })

  test('a request of the wrong shape', async () => {
    const thrown = await errorOf(bench.client.messages.create({ ...ASKED, messages: [] }))

    expect(thrown).toBeInstanceOf(BadRequestError)
    expect(thrown).toMatchObject({
      type: 'invalid_request_error',
      apiMessage: expect.stringContaining('messages'),
      requestID: expect.stringMatching(/^req_/),
    })
    expect(bench.standin.requests).toHaveLength(0)
  })

  test('a proxy that is closed', async () => {
    const closed = await startOfficialBench('over a socket', {})
    await closed.close()

    const thrown = await errorOf(closed.client.messages.create(ASKED))

    expect(thrown).toBeInstanceOf(APIConnectionError)
  })

  test('retries are left to the client: each attempt is one request upstream', async () => {
    bench.standin.answer = (_, index) =>
      index < 2
        ? error(529, 'overloaded_error', 'Overloaded')
        : { kind: 'message', message: textMessage('At last.'), headers: {} }
    const patient = new Anthropic({
      baseURL: bench.client.baseURL,
      apiKey: 'not needed',
      maxRetries: 2,
    })

    const reply = await patient.messages.create(ASKED)

    expect(reply.content).toMatchObject([{ type: 'text', text: 'At last.' }])
    expect(bench.standin.messages).toHaveLength(3)
  })
})

async function expectThrown(
  ask: () => Promise<unknown>,
  status: number,
  type: string,
  errorClass: new (...parts: never[]) => APIError,
): Promise<void> {
  const told = `Told by the API: ${type}.`
  bench.standin.answer = () => error(status, type, told)
  const thrown = await errorOf(ask())
  const requestId = bench.standin.messages[0]?.requestId

  expect(thrown).toBeInstanceOf(errorClass)
  expect(thrown).toMatchObject({
    status,
    type,
    apiMessage: told,
    requestID: requestId,
    error: { type: 'error', error: { type, message: told }, request_id: requestId },
  })
}

/** The reason with which a promise was rejected; fails if it was not. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (thrown) {
    return thrown
  }
  throw new Error('It did not fail.')
}
