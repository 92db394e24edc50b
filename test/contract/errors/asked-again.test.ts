import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { cut, cutBeforeAnswer, error, events, message } from '../../support/answers.ts'
import { CARRIER } from '../../support/carrier.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { type RuntimeGate, watchGate } from '../../support/runtime-gate.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { type Bench, openBench, textOf } from '../lifecycle/bench.ts'
import { PICTURES } from '../wire/samples.ts'

/*
 * Errors of the API after which the runtime would repeat the request by itself, in another form.
 * The proxy prevents that, and the client gets the API's error. One request is repeated on purpose:
 * see docs/exactness.md.
 */

let bench: Bench
let gate: RuntimeGate

beforeAll(async () => {
  gate = watchGate()
  // Only one process: the next conversation would show if an error left something in it.
  bench = await openBench({ maxProcesses: 1 })
})
afterAll(() => bench?.remove())
beforeEach(() => bench.standin.reset())

/** An error that comes when the process has noticed that its gate is closed. */
function refuse(...answer: Parameters<typeof error>): void {
  bench.standin.answer = async () => {
    await gate.closed()
    return error(...answer)
  }
}

type Times = Record<typeof CARRIER, number>

const ONCE: Times = { whole: 1, turns: 1 }
const TWICE_IN_TURNS: Times = { whole: 1, turns: 2 }

const ERRORS: [name: string, status: number, message: string, times: Times][] = [
  ['a signature', 400, 'messages.1.content.0: Invalid `signature` in `thinking` block', ONCE],
  [
    'a thought of another conversation',
    400,
    'messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation.',
    TWICE_IN_TURNS,
  ],
  [
    'a thought that was changed',
    400,
    'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.',
    ONCE,
  ],
  [
    'a picture that is too large',
    400,
    'messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes',
    ONCE,
  ],
  [
    'a picture of too many pixels',
    400,
    'messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed max allowed size: 8000 pixels',
    ONCE,
  ],
  ['a picture that can not be read', 400, 'Could not process image', ONCE],
  ['effort', 400, 'This model does not support the effort parameter.', ONCE],
  ['effort as a field', 400, 'output_config.effort: Extra inputs are not permitted', ONCE],
  ['adaptive thinking', 400, 'adaptive thinking is not supported on this model', ONCE],
  [
    'thinking with a budget',
    400,
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    ONCE,
  ],
  ['a schema', 400, 'tools.0.custom.input_schema: JSON schema is invalid.', ONCE],
  ['a token that was revoked', 403, 'OAuth token has been revoked.', ONCE],
  ['a prompt that is too long', 400, 'prompt is too long: 210000 tokens > 200000 maximum', ONCE],
  ['any other field', 400, 'a_field: Extra inputs are not permitted', ONCE],
  ['a permission', 403, 'Your organization does not have access.', ONCE],
  ['too large a request', 413, 'Request exceeds the maximum size', ONCE],
]

/** The runtime reads an error in one way with both carriers: one of each kind is enough for both. */
const OF_EACH_KIND = [
  'a signature',
  'a thought of another conversation',
  'a picture that is too large',
  'effort',
  'thinking with a budget',
  'a token that was revoked',
  'any other field',
]

const CASES = CARRIER === 'whole' ? ERRORS.filter(([name]) => OF_EACH_KIND.includes(name)) : ERRORS

const PICTURE = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: PICTURES['image/png'] },
}

const ADAPTIVE = { type: 'adaptive' }

/** A field that the API no longer accepts: the runtime would repeat the request with `adaptive`. */
const WITH_BUDGET = { type: 'enabled', budget_tokens: 1024 }

function conversation(prompt: string, thinking: object): Record<string, unknown> {
  return {
    // The runtime does not list this model, so its capabilities are unknown.
    model: 'claude-sonnet-5',
    max_tokens: 4000,
    thinking,
    output_config: { effort: 'low' },
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: [PICTURE, { type: 'text', text: 'What is it?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'of-another-api' },
          { type: 'text', text: 'A dot.' },
        ],
      },
      { role: 'user', content: prompt },
    ],
  }
}

/** The request, without the session's name. */
function fieldsOf(asked: MessageRequest | undefined): object {
  return { ...asked?.body, metadata: undefined }
}

/** The requests of conversations before any error, by their kind of thinking. */
const before = new Map<object, MessageRequest>()

/** The request upstream of a conversation that is asked for again and again. */
async function askBefore(thinking: object): Promise<MessageRequest> {
  bench.standin.reset()
  await bench.ask(conversation('Before?', thinking))
  const [asked] = bench.standin.messages
  return asked as MessageRequest
}

beforeAll(async () => {
  for (const thinking of [ADAPTIVE, WITH_BUDGET]) before.set(thinking, await askBefore(thinking))
})

/** A later conversation has nothing of an error, whether in the same process or in another one. */
async function expectAsBefore(thinking: object = ADAPTIVE): Promise<void> {
  const [first, later] = [before.get(thinking), await askBefore(thinking)]
  expect(later.headers['anthropic-beta']).toBe(first?.headers['anthropic-beta'])
  expect(fieldsOf(later)).toEqual(fieldsOf(first))
}

test.each(CASES)(
  'an error makes the known number of requests, and does not affect the next turn: %s',
  async (name, status, words, times) => {
    const type = status === 400 ? 'invalid_request_error' : 'permission_error'
    const thinking = name === 'thinking with a budget' ? WITH_BUDGET : ADAPTIVE
    refuse(status, type, words)
    const refused = await bench.ask(conversation(`And ${name}?`, thinking))
    const asked = bench.standin.messages.length

    expect({ asked, status: refused.status }).toEqual({ asked: times[CARRIER], status })
    expect(refused.body.error?.message).toContain(words)
    await expectAsBefore(thinking)
  },
)

test('404s of models that never answered are requested once each, by the same process', async () => {
  await bench.ask('Hello')
  const processes = bench.runtimes()
  bench.standin.reset()
  bench.standin.answer = async ({ body }) => {
    await gate.closed()
    return error(404, 'not_found_error', `model: ${body.model}`)
  }
  const names = ['claude-made-up-1', 'claude-made-up-1', 'claude-made-up-2']
  for (const model of names) {
    const { status, body } = await bench.ask({
      model,
      messages: [{ role: 'user', content: 'And now?' }],
    })
    expect([status, body.error?.message]).toEqual([404, `model: ${model}`])
  }
  const asked = bench.standin.messages
  expect(asked.map(({ body }) => [body.model, body.stream])).toEqual(names.map((n) => [n, true]))
  await expectAsBefore()
  expect(bench.runtimes()).toEqual(processes)
})

test('a reply that max_tokens cut ends no process, and is requested once: the gate is closed by then', async () => {
  await bench.ask('Hello')
  const processes = bench.runtimes()
  bench.standin.reset()
  const half = eventsOf(textMessage('Half of', { stop_reason: 'max_tokens' }))
  // A conversation that is sent as a whole needs no gate here: see `wholeKind`.
  bench.standin.reply(events(CARRIER === 'whole' ? half : [gate.closed, ...half]))
  expect((await bench.ask('Say it')).body).toMatchObject({ stop_reason: 'max_tokens' })
  await bench.ask('And now')
  expect(bench.standin.messages).toHaveLength(2)
  expect(bench.runtimes()).toEqual(processes)
})

/*
 * An API, or a gateway in front of it, closes connections that were idle for some seconds. A
 * request that is under way at that moment is lost before the API has answered a byte.
 */
describe('a connection that is closed before the API answers', () => {
  const CALL = toolUseMessage([{ id: 'toolu_look', name: 'look', input: {} }])
  const LOOKED: Record<string, unknown> = {
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: 'What is there?' },
      { role: 'assistant', content: CALL.content },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_look',
            content: [{ type: 'text', text: 'A dot.' }],
          },
        ],
      },
    ],
  }

  /** The first answer makes a connection, which the process keeps. */
  async function connect(): Promise<void> {
    const messages = [{ role: 'user', content: 'What is there?' }]
    bench.standin.reply(message(CALL))
    await bench.ask({ ...LOOKED, messages })
  }

  test.each([
    ['a question', 'And now?'],
    ['the results of calls', LOOKED],
  ])('%s: the client gets its reply, on another connection', async (_, body) => {
    await connect()
    bench.standin.reply(cutBeforeAnswer())
    bench.standin.reply(message(textMessage('Yes.')))
    const reply = await bench.ask(body)
    expect([reply.status, textOf(reply)]).toEqual([200, 'Yes.'])
    const [, closed, answered, ...others] = bench.standin.messages
    expect(fieldsOf(answered)).toEqual(fieldsOf(closed))
    expect(others).toEqual([])
  })

  test('if the new connection is closed as well, the client gets the error, and the next turn is requested once', async () => {
    await connect()
    bench.standin.answer = () => cutBeforeAnswer()
    expect((await bench.ask('And now?')).status).toBe(502)
    expect(bench.standin.messages).toHaveLength(3)
    expect((await bench.ask('And now?')).status).toBe(502)
    expect(bench.standin.messages).toHaveLength(4)
  })

  test('a request that the API began to answer is not repeated', async () => {
    await connect()
    bench.standin.answer = () => events([{ type: 'ping' }, cut()])
    expect((await bench.ask('And now?')).status).toBe(502)
    expect(bench.standin.messages).toHaveLength(2)
  })
})
