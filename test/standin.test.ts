import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk'
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
import type {
  Message,
  MessageCreateParamsNonStreaming,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  cut,
  cutBeforeAnswer,
  error,
  events,
  hang,
  message,
  raw,
  stall,
  type Answer,
} from './support/answers.ts'
import { eventsOf } from './support/events.ts'
import { makeGate } from './support/gate.ts'
import {
  assistantMessage,
  textMessage,
  thinkingMessage,
  toolUseMessage,
  usage,
} from './support/messages.ts'
import { descendants, isAlive, runtimeProcesses, waitUntilGone } from './support/processes.ts'
import { makeSandbox, NO_LOGIN, SUBSCRIPTION_LOGIN } from './support/sandbox.ts'
import { startStandin, type Standin } from './support/standin.ts'

const HELLO: MessageCreateParamsNonStreaming = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello' }],
}

const GREEK = 'Καλημέρα, 世界! 👩🏽‍🚀🎈 — ça va?'

let standin: Standin
let client: Anthropic

beforeAll(async () => {
  standin = await startStandin()
  standin.signsThoughts = false
  client = new Anthropic({ baseURL: standin.url, apiKey: 'made-up', maxRetries: 0 })
})

afterEach(() => {
  standin.reset()
})

afterAll(async () => {
  await standin.close()
})

describe('a whole message', () => {
  test('comes as JSON when no stream is asked for', async () => {
    const reply = textMessage(GREEK)
    standin.reply(message(reply, { 'anthropic-organization-id': 'made-up' }))

    const { data, response, request_id } = await client.messages.create(HELLO).withResponse()

    expect(data).toEqual(reply)
    expect(request_id).toBe(standin.messages[0]?.requestId)
    expect(response.headers.get('anthropic-organization-id')).toBe('made-up')
  })

  const citing = assistantMessage([
    {
      type: 'text',
      text: 'The sky is blue.',
      citations: [
        {
          type: 'char_location',
          cited_text: 'blue',
          document_index: 0,
          document_title: 'Sky',
          start_char_index: 4,
          end_char_index: 8,
          file_id: null,
        },
      ],
    },
  ])
  const searching = assistantMessage(
    [
      {
        type: 'server_tool_use',
        id: 'srvtoolu_1',
        name: 'web_search',
        input: { query: 'weather in Ψαρά' },
        caller: { type: 'direct' },
      },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        caller: { type: 'direct' },
        content: [
          {
            type: 'web_search_result',
            url: 'https://example.com',
            title: 'Weather',
            encrypted_content: 'c2VjcmV0',
            page_age: null,
          },
        ],
      },
    ],
    {
      stop_reason: 'pause_turn',
      usage: usage({ server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } }),
    },
  )
  const calling = toolUseMessage([
    { id: 'toolu_1', name: 'get_weather', input: { city: 'Ψαρά', days: [1, 2, 3] } },
    { id: 'toolu_2', name: 'now', input: {} },
  ])

  test.each<[string, Message]>([
    ['text', textMessage(GREEK)],
    ['an empty text', textMessage('')],
    ['thinking', thinkingMessage('Let me think about 🎈.', 'Done.')],
    ['tool calls', calling],
    ['citations', citing],
    ['a server tool and its result', searching],
    ['a stop sequence', textMessage('A', { stop_reason: 'stop_sequence', stop_sequence: 'END' })],
  ])('comes as events that fold to the same message: %s', async (_name, reply) => {
    standin.reply(message(reply))

    const folded = await client.messages.stream(HELLO).finalMessage()

    // The client parses the input of a tool only when it is read; JSON shows the parsed input.
    expect(JSON.parse(JSON.stringify(folded))).toEqual({ ...reply, parsed_output: null })
  })

  test('comes in several deltas that never split a character', async () => {
    standin.reply(message(textMessage(GREEK)))

    const received = await collect(client.messages.stream(HELLO))

    const texts = received.flatMap((event) =>
      event.type === 'content_block_delta' && event.delta.type === 'text_delta'
        ? [event.delta.text]
        : [],
    )
    expect(texts.length).toBeGreaterThan(3)
    expect(texts.join('')).toBe(GREEK)
    expect(texts.filter((text) => /\p{Surrogate}/u.test(text))).toEqual([])
  })

  test('has an id of its own', () => {
    expect(textMessage('a').id).not.toBe(textMessage('a').id)
  })
})

describe('a scripted stream', () => {
  test('sends the given events, also in small pieces', async () => {
    const script = eventsOf(textMessage(GREEK))
    standin.reply(events(script, { chunking: 7 }))

    // The helper around the client's stream would write into the events.
    const stream = await client.messages.create({ ...HELLO, stream: true })
    expect(await collect(stream)).toEqual(script)
  })

  test('waits at a gate until the test opens it', async () => {
    const script = eventsOf(textMessage('Later'))
    const gate = makeGate()
    standin.reply(events([...script.slice(0, 2), gate.pass, ...script.slice(2)]))

    const told: string[] = []
    const stream = client.messages.stream(HELLO)
    await new Promise<void>((resolve) => {
      stream.on('streamEvent', ({ type }) => {
        if (told.push(type) === 2) resolve()
      })
    })
    // Events that the stream sent without waiting would arrive before the answer to a later
    // request.
    await client.messages.countTokens({ messages: HELLO.messages, model: HELLO.model })
    told.push('open')
    gate.open()
    await stream.finalMessage()

    expect(told).toEqual([
      ...script.slice(0, 2).map(({ type }) => type),
      'open',
      ...script.slice(2).map(({ type }) => type),
    ])
  })

  test('rejects if it is cut, and is not taken for a client that left', async () => {
    standin.reply(events([...eventsOf(textMessage('Half')).slice(0, 3), cut()]))

    await expect(client.messages.stream(HELLO).finalMessage()).rejects.toThrow()

    await standin.messages[0]?.closed
    expect(standin.messages[0]?.aborted).toBe(false)
  })

  test('may carry an error event', async () => {
    const failure = {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
      request_id: 'req_1',
    }
    standin.reply(events([...eventsOf(textMessage('Half')).slice(0, 3), failure]))

    const failed = client.messages.stream(HELLO).finalMessage()

    await expect(failed).rejects.toMatchObject({ type: 'overloaded_error', error: failure })
  })
})

describe('an error', () => {
  test.each([
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
  ])('%i %s has the shape that the client recognises', async (status, type, errorClass) => {
    standin.reply(error(status, type, 'Made to fail', { 'retry-after': '7' }))

    const failure = await failureOf(client.messages.create(HELLO))

    const requestId = standin.messages[0]?.requestId
    expect(failure).toBeInstanceOf(errorClass)
    expect(failure).toMatchObject({ status, type, requestID: requestId })
    expect(failure.error).toEqual({
      type: 'error',
      error: { type, message: 'Made to fail' },
      request_id: requestId,
    })
    expect(failure.headers?.get('retry-after')).toBe('7')
  })

  test('may be no JSON', async () => {
    standin.reply(raw(502, { 'content-type': 'text/html' }, '<h1>Bad gateway</h1>'))

    const failure = await failureOf(client.messages.create(HELLO))

    expect(failure).toMatchObject({ status: 502, message: expect.stringContaining('Bad gateway') })
  })

  test('may be a dropped connection', async () => {
    standin.reply(cutBeforeAnswer())

    expect(await failureOf(client.messages.create(HELLO))).toBeInstanceOf(APIConnectionError)
    expect(standin.messages[0]?.aborted).toBe(false)
  })
})

describe('a client that hangs up', () => {
  test.each<[string, Answer]>([
    ['before the answer', stall()],
    ['amid a stream', events([...eventsOf(textMessage('Half')).slice(0, 3), hang()])],
  ])('is recorded: %s', async (_name, answer) => {
    standin.reply(answer)
    const stream = client.messages.stream(HELLO)
    const failed = failureOf(stream.finalMessage())
    const request = await standin.nextMessage()
    expect(request).toMatchObject({ aborted: false, closedAt: undefined })

    stream.abort()

    await Promise.all([request.closed, failed])
    expect(request.aborted).toBe(true)
    expect(request.closedAt).toBeGreaterThan(request.receivedAt)
  })
})

describe('the record', () => {
  test('has method, url, headers and body of each request, in order', async () => {
    await client.messages.create(HELLO)
    await client.messages.create(HELLO, {
      query: { beta: true },
      headers: { 'anthropic-beta': 'made-up-2026-01-01' },
    })
    await client.models.list().catch(() => undefined)

    expect(standin.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/messages',
      'POST /v1/messages?beta=true',
      'GET /v1/models',
    ])
    const [first, second] = await standin.waitFor(2)
    expect(first).toMatchObject({ body: HELLO, aborted: false })
    expect(second?.headers['anthropic-beta']).toBe('made-up-2026-01-01')
    expect(standin.messages).toEqual([first, second])
  })

  test('reports a request that arrives after it was waited for', async () => {
    const next = standin.nextMessage()
    await client.messages.create(HELLO)
    expect((await next).body.messages).toEqual(HELLO.messages)
  })

  test('is empty after a reset', async () => {
    standin.reply(message(textMessage('Not this one')))
    await client.messages.create(HELLO)
    standin.reply(message(textMessage('Nor this one')))
    standin.reset()

    expect(standin.requests).toEqual([])
    const { content } = await client.messages.create(HELLO)
    expect(content).toMatchObject([{ type: 'text', text: 'Hello from the stand-in.' }])
  })
})

test('a function answers if no answer is queued', async () => {
  standin.answer = async ({ body }, index) =>
    message(textMessage(`${index}: ${JSON.stringify(body.messages[0]?.content)}`))
  standin.reply(message(textMessage('queued')))

  const texts: unknown[] = []
  for (let round = 0; round < 3; round += 1) {
    const { content } = await client.messages.create(HELLO)
    texts.push(content[0]?.type === 'text' ? content[0].text : undefined)
  }

  expect(texts).toEqual(['queued', '1: "Hello"', '2: "Hello"'])
})

test('token counts are equal for the same request', async () => {
  const { messages, model } = HELLO
  const first = await client.messages.countTokens({ messages, model })
  const again = await client.messages.countTokens({ messages, model })
  const longer = await client.messages.countTokens({ messages, model, system: 'Be brief.' })

  expect(first.input_tokens).toBeGreaterThan(0)
  expect(again).toEqual(first)
  expect(longer.input_tokens).toBeGreaterThan(first.input_tokens)
  expect(standin.messages).toEqual([])
})

test('the census sees a process start and end', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const pid = child.pid ?? 0

  expect(descendants(process.pid)).toContainEqual({
    pid,
    command: expect.stringContaining('setInterval'),
  })
  expect(isAlive(pid)).toBe(true)
  await expect(waitUntilGone([pid], 0)).rejects.toThrow(`${pid} `)

  child.kill('SIGKILL')

  await waitUntilGone([pid], 10_000)
  expect(isAlive(pid)).toBe(false)
})

describe('the real runtime', () => {
  test.each([
    ['an API key', {}, { 'x-api-key': 'sk-ant-api03-made-up-for-tests' }],
    ['a token', SUBSCRIPTION_LOGIN, { authorization: 'Bearer sk-ant-oat01-made-up-for-tests' }],
  ])(
    'makes one request for a prompt and yields the text, with %s',
    async (_name, overrides, headers) => {
      let whileAsking: number[] = []
      standin.answer = () => {
        whileAsking = runtimeProcesses().map(({ pid }) => pid)
        return message(textMessage(GREEK))
      }

      const yielded = await ask('Hello @/etc/hostname', overrides)

      expect(yielded.find(({ type }) => type === 'result')).toMatchObject({ result: GREEK })
      expect(standin.messages).toHaveLength(1)
      expect(standin.messages[0]?.headers).toMatchObject(headers)
      expect(JSON.stringify(standin.messages[0]?.body.messages)).toContain('Hello @/etc/hostname')
      expect(whileAsking).toHaveLength(1)
      await waitUntilGone(whileAsking, 10_000)
      expect(runtimeProcesses()).toEqual([])
    },
  )

  test('makes no request when nobody is logged in', async () => {
    const yielded = await ask('Hello', NO_LOGIN).catch(String)

    expect(JSON.stringify(yielded)).toContain('Not logged in')
    expect(standin.messages).toEqual([])
  })
})

/** Sends a prompt to the real runtime in a sandbox, and returns all its messages. */
async function ask(prompt: string, overrides: Record<string, string | undefined>) {
  const sandbox = makeSandbox(standin.url, overrides)
  try {
    return await collect<SDKMessage>(
      query({
        prompt,
        options: {
          env: sandbox.env,
          cwd: sandbox.workFolder,
          tools: [],
          settingSources: [],
          persistSession: false,
          verbatimPrompts: true,
          includePartialMessages: true,
          systemPrompt: '',
        },
      }),
    )
  } finally {
    sandbox.remove()
  }
}

async function collect<Item = RawMessageStreamEvent>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}

async function failureOf(promise: Promise<unknown>): Promise<APIError> {
  const outcome = await promise.then(
    () => 'it succeeded',
    (failure: unknown) => failure,
  )
  if (!(outcome instanceof APIError)) throw new Error('not an APIError', { cause: outcome })
  return outcome
}
