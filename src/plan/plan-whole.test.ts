import { describe, expect, test } from 'vitest'

import type { MessagesRequest } from '../api/types.ts'
import type { PlanContext } from './plan-turn.ts'
import { planWhole } from './plan-whole.ts'
import { atOnce } from '../steps.ts'

const CONTEXT: PlanContext = {
  defaults: { model: 'claude-sonnet-4-6' },
  betas: [],
  describeModel: (id) => ({ id, alwaysThinks: false }),
}

const SHORT = { cache_control: { type: 'ephemeral' } }
const HOUR = { cache_control: { type: 'ephemeral', ttl: '1h' } }

function plan(request: Partial<MessagesRequest>) {
  const turn = atOnce(
    planWhole({ messages: [{ role: 'user', content: 'Hello' }], ...request }, CONTEXT),
  )
  return { ...turn, body: JSON.parse(turn.settings.extraBody) as Record<string, unknown> }
}

test('the body has the messages unchanged, and all other fields', () => {
  const messages: MessagesRequest['messages'] = [
    { role: 'user', content: [{ type: 'text', text: 'One', ...SHORT }] },
    { role: 'system', content: 'Be brief.', clear_at: 'next_user_turn' },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'a', name: 'b', input: {}, caller: 1 }],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a' }] },
  ]
  const { body } = plan({ messages, max_tokens: 5, a_field_of_tomorrow: true })
  expect(body).toEqual({ max_tokens: 5, a_field_of_tomorrow: true, tools: [], messages })
})

describe('the breakpoint at the end', () => {
  test('is set if the client sets none', () => {
    expect(plan({}).body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hello', ...SHORT }] },
    ])
  })

  test.each<[string, Partial<MessagesRequest>]>([
    [
      'on system',
      { system: [{ type: 'text', text: 'Rules.', cache_control: { type: 'ephemeral' } }] },
    ],
    ['on a tool', { tools: [{ name: 'look', input_schema: {}, ...SHORT }] }],
    ['on the request', SHORT],
  ])('is not set if there is one %s', (_, request) => {
    expect(plan(request).body['messages']).toEqual([{ role: 'user', content: 'Hello' }])
  })

  test('is not set on a block that can not have one', () => {
    const messages: MessagesRequest['messages'] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'Hm.', signature: 's' }] },
    ]
    expect(plan({ messages }).body['messages']).toEqual(messages)
  })
})

function marked(count: number, mark: object): MessagesRequest['messages'] {
  const content = Array.from({ length: count }, () => ({ type: 'text', text: 'x', ...mark }))
  return [{ role: 'user', content }]
}

describe("the runtime's own breakpoints", () => {
  test('stay while there is room for them', () => {
    expect(plan({ messages: marked(2, SHORT) }).settings.runtimeCaching).toBe(true)
    expect(plan({ messages: marked(3, SHORT) }).settings.runtimeCaching).toBe(false)
  })

  test("live an hour if one of the client's does", () => {
    expect(plan({ messages: marked(1, SHORT) }).settings.cacheLifetime).toBe('')
    expect(plan({ messages: marked(1, HOUR) }).settings.cacheLifetime).toBe('1h')
    const system = [{ type: 'text' as const, text: 'Rules.', cache_control: HOUR.cache_control }]
    expect(plan({ system } as Partial<MessagesRequest>).settings.cacheLifetime).toBe('1h')
  })
})

describe('the short prompt for the runtime', () => {
  test.each<[string, MessagesRequest['messages'], string]>([
    ['of a short text', [{ role: 'user', content: 'Hello' }], 'Hello'],
    ['of a long one', [{ role: 'user', content: 'x'.repeat(50) }], 'x'.repeat(21)],
    ['of white space', [{ role: 'user', content: ' \n' }], '-'],
    ['of no text', [{ role: 'user', content: [{ type: 'image' }] }], '-'],
    ['of a conversation without a user', [{ role: 'assistant', content: 'Hi' }], '-'],
    [
      'that would end in half a character',
      [{ role: 'user', content: `${'x'.repeat(20)}😀` }],
      `${'x'.repeat(20)}\uFFFD`,
    ],
  ])('%s', (_, messages, words) => {
    expect(plan({ messages }).prompt).toBe(words)
  })
})

test('no worker continues it, and no call is held', () => {
  expect(plan({ tools: [{ name: 'look', input_schema: {} }] })).toMatchObject({
    tools: [],
    history: [],
    lineages: [],
    answers: undefined,
  })
})

test('a thread is refused as by the API', () => {
  expect(() => plan({ thread: { id: 'x' } })).toThrow('thread: ')
})
