import {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { error, events, hang, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage } from '../../support/messages.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'

let bench: OpenaiBench

beforeAll(async () => {
  bench = await startOpenaiBench()
})
afterAll(() => bench?.close())
beforeEach(() => bench.standin.reset())

const HELLO = {
  model: MODEL,
  messages: [{ role: 'user' as const, content: 'Hello.' }],
}

describe('an error of the API has its class in the client, with its message', () => {
  test.each([
    [400, 'invalid_request_error', BadRequestError],
    [429, 'rate_limit_error', RateLimitError],
    [529, 'overloaded_error', InternalServerError],
  ])('%s', async (status, type, kind) => {
    bench.standin.reply(error(status, type, 'Made up.'))
    const failed = bench.client.chat.completions.create(HELLO)
    await expect(failed).rejects.toThrow(kind)
    await expect(failed).rejects.toMatchObject({ status, type, requestID: expect.any(String) })
  })
})

test("a reply that breaks off ends the client's stream with an error", async () => {
  const whole = eventsOf(textMessage('This is a long answer, of which half arrives.'))
  bench.standin.reply(
    events([
      ...whole.slice(0, 4),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ]),
  )
  const stream = await bench.client.chat.completions.create({ ...HELLO, stream: true })
  const read = async (): Promise<string> => {
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    return text
  }
  await expect(read()).rejects.toThrow(APIError)
})

test('a client that leaves stops the request upstream', async () => {
  const begun = eventsOf(textMessage('A reply that never ends.')).slice(0, 3)
  bench.standin.reply(events([...begun, hang()]))
  const asked = bench.standin.nextMessage()
  const stream = await bench.client.chat.completions.create({ ...HELLO, stream: true })
  stream.controller.abort()
  const request = await asked
  await request.closed
  expect(request.aborted).toBe(true)
})

test('a missing path is a 404 with a message', async () => {
  bench.standin.reply(message(textMessage('never asked')))
  const failed = bench.client.embeddings.create({ model: 'any', input: 'text' })
  await expect(failed).rejects.toThrow(/The model's API has no embeddings/)
  expect(bench.standin.messages).toEqual([])
})

// This is the last test, because the runtime sends a second request after a 404, which must not
// reach another test.
test('a model of another provider is requested, and the API answers that it does not exist', async () => {
  bench.standin.answer = ({ body }) => error(404, 'not_found_error', `model: ${body.model}`)
  const failed = bench.client.chat.completions.create({ ...HELLO, model: 'gpt-4o' })
  await expect(failed).rejects.toThrow(NotFoundError)
  await expect(failed).rejects.toThrow(/gpt-4o/)
  expect(bench.standin.messages[0]?.body.model).toBe('gpt-4o')
})
