import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { conversationKind, wholeKind } from '../../../src/runtime/worker/blueprint.ts'
import { newUuid } from '../../../src/runtime/worker/channel.ts'
import { PLAIN_AGENT } from '../../../src/runtime/worker/settings.ts'
import { error, events, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage, toolUseMessage, usage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { BareProcess } from './process.ts'

/*
 * The facts about the runtime that the code in src/runtime/ relies on: after an upgrade of the
 * Agent SDK, each failed test names a fact that has changed.
 */
let standin: Standin
let sandbox: Sandbox
/** A process in bare mode, and one that adds its reminders. */
let bare: BareProcess
let full: BareProcess

beforeAll(async () => {
  standin = await startStandin()
  standin.hasModelRules = false
  sandbox = makeSandbox(standin.url)
  bare = new BareProcess(wholeKind, sandbox)
  full = new BareProcess(conversationKind, sandbox)
  await Promise.all([bare.channel.initialized(), full.channel.initialized()])
})
afterAll(async () => {
  await Promise.all([bare?.close(), full?.close()])
  await standin?.close()
  sandbox?.remove()
})
beforeEach(() => standin.reset())

const OPEN = 100_000_000
const LIMIT = 40

const user = (content: unknown): object => ({ role: 'user', content })
const asked = (): unknown[] => standin.messages.map(({ body }) => body.messages)

/** Empties the process in bare mode after a prompt. */
function empty(uuid: string): Promise<boolean> {
  return bare.channel.rewind({ keep: 0, target: uuid }, uuid)
}

describe('the runtime in bare mode', () => {
  test('sends messages and tools of the extra body instead of its own, word by word', async () => {
    const messages = [
      user([{ type: 'text', text: '@/etc/hostname', cache_control: { type: 'ephemeral' } }]),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Bash', input: {} }] },
      user([{ type: 'tool_result', tool_use_id: 'a' }]),
      { role: 'system', content: 'Be brief.' },
    ]
    const tools = [{ type: 'bash_20250124', name: 'bash' }]
    expect(await empty(await bare.ask('-', { messages, tools, max_tokens: 9 }, LIMIT))).toBe(true)
    expect(standin.messages).toHaveLength(1)
    const [wire] = standin.messages
    expect(wire?.body).toMatchObject({ messages, tools, max_tokens: 9 })
  })

  test("sends any prompt of 21 characters with the proxy's limit", async () => {
    for (const prompt of ['-', 'x'.repeat(21), '語'.repeat(21), '😀'.repeat(10)]) {
      await empty(await bare.ask(prompt, { messages: [user(prompt)] }, LIMIT))
    }
    expect(standin.messages).toHaveLength(4)
  })

  test('sends nothing with a limit of one token', async () => {
    await empty(await bare.ask('-', { messages: [user('Hi')] }, 1))
    expect(standin.messages).toHaveLength(0)
  })

  test('ends a turn with calls by maxTurns, if the API reports few tokens', async () => {
    const few = usage({
      input_tokens: 5,
      output_tokens: 1,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    })
    const call = {
      ...toolUseMessage([{ id: 'toolu_few', name: 'nothing', input: {} }]),
      usage: few,
    }
    standin.answer = () => events(eventsOf(call))
    await empty(await bare.ask('-', { messages: [user('Hi')] }, LIMIT))
    expect(standin.messages).toHaveLength(1)
    expect(bare.messages.findLast(({ type }) => type === 'result')).toMatchObject({
      subtype: 'error_max_turns',
    })
  })

  test('reports each message by its uuid', async () => {
    const uuid = await bare.ask('-', { messages: [user('Hi')] }, LIMIT)
    expect(bare.statesOf(uuid)).toEqual(['queued', 'started', 'completed'])
    await empty(uuid)
  })

  test('sends the same request after a rewind to nothing, and refuses an unknown position', async () => {
    const messages = [user('Hi')]
    const first = await bare.ask('one', { messages }, LIMIT)
    await empty(first)
    await empty(await bare.ask('another prompt', { messages: [user('Other')], top_k: 3 }, LIMIT))
    await empty(await bare.ask('one', { messages }, LIMIT))
    const [before, , after] = standin.messages
    expect(after?.body).toEqual(before?.body)
    expect(await bare.channel.rewind({ keep: 0, target: first }, first)).toBe(false)
  })

  test('accepts a system prompt, and its removal', async () => {
    const systemOf = async (): Promise<unknown> => {
      standin.reset()
      await empty(await bare.ask('-', { messages: [user('Hi')] }, LIMIT))
      const system = (standin.messages[0]?.body.system ?? []) as { text: string }[]
      return system.slice(2).map(({ text }) => text)
    }
    expect(await systemOf()).toEqual([])
    await bare.channel.applyFlags({ agent: PLAIN_AGENT })
    await bare.channel.setSystemPrompt('Be kind.', 'claude-sonnet-4-6')
    expect(await systemOf()).toEqual(['Be kind.'])
    await bare.channel.applyFlags({ agent: null })
    expect(await systemOf()).toEqual([])
  })

  test('has headers, the API’s error, and the time and scalars of requests in its diagnostics', async () => {
    bare.lines.length = 0
    standin.answer = () => error(429, 'rate_limit_error', 'Slow down.', { 'retry-after': '7' })
    await empty(await bare.ask('-', { messages: [user('Hi')], max_tokens: 777 }, LIMIT))
    const lines = bare.lines.join('\n')
    expect(lines).toMatch(/^\[Anthropic SDK DEBUG\].* sending request/m)
    expect(lines).toMatch(/^ {6}max_tokens: 777,$/m)
    expect(lines).toMatch(/^ +"retry-after": "7",$/m)
    expect(lines).toMatch(/\[ERROR\] API error \(attempt 1\/1\): 429 .*"Slow down\."/)
    expect(bare.lines.filter((line) => / \[DEBUG\] /.test(line))).toEqual([])
  })
})

test("the runtime's repetition after a 404 fails inside if the extra body can not be sent by then", async () => {
  const settings = { CLAUDE_CODE_EXTRA_BODY: JSON.stringify({ betas: ['\u0000'] }) }
  standin.answer = async () => {
    await bare.set(settings)
    return error(404, 'not_found_error', 'model: claude-made-up-1')
  }
  await empty(await bare.ask('-', { messages: [user('Hi')] }, LIMIT))
  standin.answer = () => message(textMessage('Hello.'))
  await empty(await bare.ask('-', { messages: [user('Again')] }, LIMIT))
  expect(asked()).toEqual([[user('Hi')], [user('Again')]])
})

/** Makes the process send a request whose refusal it would repair. */
function askRepaired(): Promise<string> {
  return bare.ask('-', { messages: [user('Hi')], thinking: { type: 'adaptive' } }, LIMIT)
}

const REFUSAL = error(
  400,
  'invalid_request_error',
  'adaptive thinking is not supported on this model',
)

// After the others in bare mode, because the process remembers it.
describe('the runtime, after a 400 that it would repair,', () => {
  test('reads the extra body again, and an invalid header stops the repetition', async () => {
    standin.answer = async () => {
      await bare.set({ CLAUDE_CODE_EXTRA_BODY: JSON.stringify({ betas: ['\u0000'] }) })
      return REFUSAL
    }
    await empty(await askRepaired())
    expect(standin.messages).toHaveLength(1)
    expect(JSON.stringify(bare.messages.findLast(({ type }) => type === 'assistant'))).toContain(
      "Header 'anthropic-beta' has invalid value",
    )
  })

  test('repeats the request if nothing stops it', async () => {
    await bare.channel.applyFlags({ model: 'claude-opus-4-6' })
    standin.answer = () => REFUSAL
    await empty(await askRepaired())
    expect(standin.messages).toHaveLength(2)
  })
})

describe('the runtime with its reminders', () => {
  test('takes a history: messages at the closed gate, text at once, other turns in order', async () => {
    const first = await full.ask('The first', { tools: [] }, 1)
    await full.set({ CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: String(OPEN) })
    const { channel } = full
    channel.putAssistant('A reply.', 'claude-sonnet-4-6')
    channel.putUserText('/clear @/etc/hostname', newUuid())
    channel.putAssistant(
      [{ type: 'tool_use', id: 'toolu_a', name: 'A', input: {} }],
      'claude-sonnet-4-6',
    )
    const result = newUuid()
    await channel.putUser([{ type: 'tool_result', tool_use_id: 'toolu_a', content: '1' }], result)
    channel.putAssistant('Done.', 'claude-sonnet-4-6')
    expect(asked(), 'before the prompt').toEqual([])
    expect(
      await channel.rewind({ keep: 3, target: result }, result),
      'a cut between a call and its result',
    ).toBe(false)
    const prompt = await full.ask('The last', { tools: [] }, OPEN)
    expect(asked()).toHaveLength(1)
    const said = JSON.stringify(asked())
    for (const text of ['The first', 'A reply.', '/clear @/etc/hostname', 'toolu_a', 'The last']) {
      expect(said.split(text), text).toHaveLength(text === 'toolu_a' ? 3 : 2)
    }
    expect(await channel.rewind({ keep: 0, target: first }, prompt)).toBe(true)
  })

  test('reports with an interrupt the messages that it never read: they are no targets for a rewind', async () => {
    const { channel } = full
    await full.set({
      CLAUDE_CODE_EXTRA_BODY: JSON.stringify({ tools: [] }),
      CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: String(OPEN),
    })
    standin.answer = () => new Promise(() => {})
    const [running, queued] = [newUuid(), newUuid()]
    const done = [channel.ask('The first', running)]
    await standin.waitFor(1)
    done.push(channel.ask('The second', queued))
    await expect.poll(() => full.statesOf(queued)).toEqual(['queued'])
    expect([...(await channel.interrupt())]).toEqual([queued])
    await Promise.all(done)
    expect(full.statesOf(queued)).toEqual(['queued', 'cancelled'])
    expect(await channel.rewind({ keep: 0, target: queued }, running)).toBe(false)
    expect(await channel.rewind({ keep: 0, target: running }, running)).toBe(true)
    expect(asked()).toHaveLength(1)
  })

  test('keeps variables until they are set again, and remembers betas for a model', async () => {
    const { channel } = full
    const betas: unknown[] = []
    await channel.applyFlags({ model: 'claude-opus-4-6' })
    for (const [index, value] of ['one-2026-01-01', 'two-2026-01-01'].entries()) {
      await full.set({ ANTHROPIC_BETAS: value })
      const uuid = await full.ask(`Hi ${index}`, { tools: [], top_k: 5 }, OPEN)
      await channel.rewind({ keep: 0, target: uuid }, uuid)
      betas.push(standin.messages.at(-1)?.headers['anthropic-beta'])
    }
    await full.set({ ANTHROPIC_BETAS: '' })
    const uuid = newUuid()
    await channel.ask('Again', uuid)
    await channel.rewind({ keep: 0, target: uuid }, uuid)
    expect(standin.messages.at(-1)?.body['top_k']).toBe(5)
    expect(betas[0]).toContain('one-2026-01-01')
    expect(betas[1]).toBe(betas[0])
  })
})
