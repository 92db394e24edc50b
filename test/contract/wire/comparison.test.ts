import { describe, expect, test } from 'vitest'

import { type ClientRequest, wireDifferences } from '../../support/wire.ts'

/* Tests of the comparison itself: a comparison that does nothing would pass all other tests. */

const REMINDERS = [
  '# Environment\nYou have been invoked in the following environment: \n - Platform: linux',
  'You are powered by the model named Sonnet 4.6.',
  "Today's date is 2026-01-01.",
].map((words) => ({ type: 'text', text: `<system-reminder>\n${words}\n</system-reminder>` }))

const MARK = { cache_control: { type: 'ephemeral' } }

const REQUEST: ClientRequest & { body: Record<string, unknown> } = {
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 10,
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [{ name: 'ping', input_schema: { type: 'object', properties: { a: {}, b: {} } } }],
  },
  betas: ['files-api-2025-04-14'],
}

const WIRE: Record<string, unknown> = {
  model: 'claude-sonnet-4-6',
  max_tokens: 10,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.330;' },
    {
      type: 'text',
      text: "You are a Claude agent, built on Anthropic's Claude Agent SDK.",
      ...MARK,
    },
    { type: 'text', text: 'Be brief.', ...MARK },
  ],
  messages: [{ role: 'user', content: [...REMINDERS, { type: 'text', text: 'Hello', ...MARK }] }],
  tools: [{ name: 'ping', input_schema: { type: 'object', properties: { a: {}, b: {} } } }],
  metadata: { user_id: '{}' },
  thinking: { type: 'disabled' },
  temperature: 1,
  stream: true,
}

const BETAS = 'claude-code-20250219,files-api-2025-04-14'

/** The differences for a request upstream in which some fields were changed. */
function linesFor(changes: Record<string, unknown>, betas = BETAS): string[] {
  const body = { ...WIRE, ...changes } as Parameters<typeof wireDifferences>[1]['body']
  return wireDifferences(REQUEST, { body, headers: { 'anthropic-beta': betas } })
}

const user = (...blocks: object[]): object[] => [{ role: 'user', content: blocks }]
const hello = { type: 'text', text: 'Hello' }

test("a request with the client's content and the runtime's additions has no difference", () => {
  expect(linesFor({})).toEqual([])
})

describe('each of these is a difference, with its path', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another model', { model: 'claude-opus-5-5' }, 'model: '],
    ['another value', { max_tokens: 11 }, 'max_tokens: '],
    ['a value that is missing', { max_tokens: undefined }, 'max_tokens: '],
    ['a parameter that was not sent', { top_k: 1 }, 'top_k: '],
    [
      'a temperature of the runtime with thinking',
      { thinking: { type: 'adaptive' } },
      'temperature: ',
    ],
    ['thinking that was not asked for', { thinking: { type: 'enabled' } }, 'thinking: '],
    ['no stream', { stream: false }, 'stream: '],
    ['no system prompt', { system: (WIRE['system'] as object[]).slice(0, 2) }, 'system'],
    ['no header', { system: (WIRE['system'] as object[]).slice(1) }, 'system.0: '],
    [
      'another text',
      { messages: user({ type: 'text', text: 'Hello!' }) },
      'messages.0.content.0.text: ',
    ],
    ['one more block', { messages: user(hello, hello) }, 'messages.0.content.1: '],
    ['a reminder alone', { messages: user(...REMINDERS.slice(2), hello) }, 'messages.0.content.'],
    [
      'reminders twice',
      { messages: user(...REMINDERS, ...REMINDERS, hello) },
      'messages.0.content.0.text: ',
    ],
    [
      'one more turn',
      { messages: [...user(hello), { role: 'assistant', content: 'Hi' }] },
      'messages (roles).1: ',
    ],
    ['a tool that is missing', { tools: [] }, 'tools.0: '],
    [
      'fields of a tool in another order',
      { tools: [{ name: 'ping', input_schema: { type: 'object', properties: { b: {}, a: {} } } }] },
      'tools.0.input_schema.properties: ',
    ],
    [
      'five breakpoints',
      { messages: user(hello), cache_control: {}, tools: Array.from({ length: 5 }, () => MARK) },
      'cache_control: 8 ',
    ],
  ])('%s', (_, changes, path) => {
    expect(linesFor(changes).filter((line) => line.startsWith(path))).not.toEqual([])
  })

  test('a missing beta header, and an additional one', () => {
    expect(linesFor({}, 'claude-code-20250219,telepathy-2030-01-01')).toEqual([
      'anthropic-beta: files-api-2025-04-14 was sent, and is missing upstream',
      'anthropic-beta: telepathy-2030-01-01 was not sent, and is there upstream',
    ])
  })
})
