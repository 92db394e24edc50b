import Anthropic, { BadRequestError } from '@anthropic-ai/sdk'
import type {
  Message,
  MessageCreateParamsNonStreaming,
  MessageParam,
} from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { events, message } from './support/answers.ts'
import { eventsOf } from './support/events.ts'
import { assistantMessage, textBlock, thinkingMessage } from './support/messages.ts'
import { bindingError, signAnswer } from './support/signing.ts'
import { type Standin, startStandin } from './support/standin.ts'

const THOUGHT = thinkingMessage('Six times seven …', '42')

type Request = MessageCreateParamsNonStreaming

const FIRST: Request = {
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  system: 'Be brief.',
  tools: [{ name: 'look', input_schema: { type: 'object', properties: { a: {}, b: {} } } }],
  messages: [{ role: 'user', content: 'What is 6 × 7?' }],
}

/** A client's next request after the reply to another one. */
function secondOf(first: Request, changes: Partial<Request> = {}, reply = THOUGHT): Request {
  const answer = signAnswer(message(reply), asFields(first))
  if (answer.kind !== 'message') throw new Error(`It is a ${answer.kind}.`)
  const messages: MessageParam[] = [
    ...first.messages,
    { role: 'assistant', content: answer.message.content },
    { role: 'user', content: 'And 6 × 8?' },
  ]
  return { ...first, messages, ...changes }
}

function asFields(request: Request): Record<string, unknown> {
  return { ...request }
}

function withFirstTurn(request: Request, content: MessageParam['content']): Request {
  return { ...request, messages: [{ role: 'user', content }, ...request.messages.slice(1)] }
}

/** The message of the refusal; `taken` if there is none. */
function outcomeOf(request: Request): string {
  const refusal = bindingError(asFields(request))
  return refusal?.kind === 'error' ? `${refusal.status} ${refusal.message}` : 'taken'
}

const BOUND_ELSEWHERE =
  /^400 messages\.1\.content\.0: Invalid `signature` in `thinking` block\. The block is bound to a different conversation\./

test('a thought is accepted behind its own prefix', () => {
  const second = secondOf(FIRST)
  expect(outcomeOf(second)).toBe('taken')
  expect(outcomeOf(secondOf(second))).toBe('taken')
})

describe('a thought behind another prefix is refused', () => {
  test.each<[string, (request: Request) => Request]>([
    ['another system prompt', (request) => ({ ...request, system: 'Be very brief.' })],
    ['no system prompt', (request) => ({ ...request, system: '' })],
    ['other tools', (request) => ({ ...request, tools: [] })],
    [
      'a schema with its fields in another order',
      (request) => ({
        ...request,
        tools: [{ name: 'look', input_schema: { type: 'object', properties: { b: {}, a: {} } } }],
      }),
    ],
    ['an edited turn', (request) => withFirstTurn(request, 'What is 7 × 6?')],
    [
      'a reminder added to a turn',
      (request) =>
        withFirstTurn(request, [
          { type: 'text', text: 'What is 6 × 7?' },
          { type: 'text', text: '<system-reminder>It is late.</system-reminder>' },
        ]),
    ],
  ])('%s', (_, change) => {
    expect(outcomeOf(change(secondOf(FIRST)))).toMatch(BOUND_ELSEWHERE)
  })

  test('a system message in another place', () => {
    const reminder = { role: 'system', content: 'It is late.' } as unknown as MessageParam
    const first = { ...FIRST, messages: [...FIRST.messages, reminder] }
    const second = secondOf(first)
    const [asked, told, ...rest] = second.messages as [
      MessageParam,
      MessageParam,
      ...MessageParam[],
    ]

    expect(outcomeOf(second)).toBe('taken')
    expect(outcomeOf({ ...second, messages: [asked, ...rest, told] })).toMatch(BOUND_ELSEWHERE)
  })
})

describe('these prefixes are equal for the API', () => {
  test.each<[string, (request: Request) => Request]>([
    ['other metadata', (request) => ({ ...request, metadata: { user_id: 'another' } })],
    ['other parameters', (request) => ({ ...request, max_tokens: 7 })],
    [
      'a text as a block, with a cache mark',
      (request) =>
        withFirstTurn(request, [
          { type: 'text', text: 'What is 6 × 7?', cache_control: { type: 'ephemeral' } },
        ]),
    ],
    [
      'a system prompt as a block, with a cache mark',
      (request) => ({
        ...request,
        system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      }),
    ],
  ])('%s', (_, change) => {
    expect(outcomeOf(change(secondOf(FIRST)))).toBe('taken')
  })
})

describe('models', () => {
  test.each(['claude-opus-5-5', 'claude-haiku-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1'])(
    'check thoughts: %s',
    (model) => {
      const second = secondOf({ ...FIRST, model }, { system: 'Another.' })
      expect(outcomeOf(second)).toMatch(BOUND_ELSEWHERE)
    },
  )

  test.each(['claude-sonnet-4-6', 'claude-opus-4-8', 'claude-opus-5'])(
    'check thoughts only on request: %s',
    (model) => {
      const second = secondOf({ ...FIRST, model }, { system: 'Another.' })
      expect(outcomeOf(second)).toBe('taken')
      expect(outcomeOf({ ...second, ...bindingOf('error') })).toMatch(BOUND_ELSEWHERE)
    },
  )

  test('do not check thoughts if they are told to drop them', () => {
    const second = secondOf(FIRST, { system: 'Another.' })
    expect(outcomeOf({ ...second, ...bindingOf('drop_block') })).toBe('taken')
  })
})

function bindingOf(prefix_mismatch_behavior: string): Partial<Request> {
  const thinking = { type: 'adaptive', block_binding: { prefix_mismatch_behavior } }
  return { thinking } as Partial<Request>
}

test('a changed thought is refused, whatever the model', () => {
  const second = secondOf({ ...FIRST, model: 'claude-sonnet-4-6' })
  const [asked, said, next] = second.messages as [MessageParam, MessageParam, MessageParam]
  const [thought, ...rest] = said.content as { type: string }[]
  const content = [{ ...thought, thinking: 'Seven times six …' }, ...rest]
  const messages = [asked, { ...said, content } as MessageParam, next]

  expect(outcomeOf({ ...second, messages })).toBe(
    '400 messages.1.content.0: Invalid `signature` in `thinking` block',
  )
})

test('redacted thoughts are bound to their prefix too', () => {
  const redacted = assistantMessage([
    { type: 'redacted_thinking', data: 'made-up' },
    textBlock('42'),
  ])
  const second = secondOf(FIRST, {}, redacted)

  expect(outcomeOf(second)).toBe('taken')
  expect(outcomeOf({ ...second, system: 'Another.' })).toContain('`redacted_thinking` block')
})

test('signatures of other origin are accepted', () => {
  const { content } = THOUGHT
  const messages: MessageParam[] = [...FIRST.messages, { role: 'assistant', content }]
  expect(outcomeOf({ ...FIRST, messages })).toBe('taken')
})

describe('the stand-in', () => {
  let standin: Standin
  let client: Anthropic

  beforeAll(async () => {
    standin = await startStandin()
    client = new Anthropic({ baseURL: standin.url, apiKey: 'made-up', maxRetries: 0 })
  })
  beforeEach(() => {
    standin.reset()
    standin.signsThoughts = true
    standin.answer = () => message(THOUGHT)
  })
  afterAll(() => standin.close())

  test('signs streamed, whole and scripted replies alike', async () => {
    const whole = signatureIn(await client.messages.create(FIRST))

    expect(signatureIn(await client.messages.stream(FIRST).finalMessage())).toBe(whole)
    standin.reply(events(eventsOf(THOUGHT)))
    expect(signatureIn(await client.messages.stream(FIRST).finalMessage())).toBe(whole)
    expect(whole).not.toBe(signatureIn(THOUGHT))
  })

  test('keeps its queued answer when it refuses', async () => {
    const second = secondOf(FIRST)
    standin.reply(message(assistantMessage([textBlock('queued')])))

    await expect(client.messages.create({ ...second, system: 'Another.' })).rejects.toThrow(
      BadRequestError,
    )

    expect((await client.messages.create(second)).content).toMatchObject([{ text: 'queued' }])
  })

  test('neither signs nor refuses without the switch', async () => {
    standin.signsThoughts = false
    const reply = await client.messages.create(secondOf(FIRST, { system: 'Another.' }))
    expect(reply.content).toEqual(THOUGHT.content)
  })
})

function signatureIn({ content: [block] }: Message): string | undefined {
  return block?.type === 'thinking' ? block.signature : undefined
}
