import { describe, expect, test } from 'vitest'

import type { ContentBlock, Message, MessagesRequest } from '../api/types.ts'
import { planThinking } from './thinking.ts'

const HELLO: Message = { role: 'user', content: 'Hello' }
const NO_DEFAULT = { defaultBudget: undefined, alwaysThinks: false }
const DEFAULT = { defaultBudget: 2048, alwaysThinks: false }

function plan(
  fields: Partial<MessagesRequest>,
  model: { defaultBudget: number | undefined; alwaysThinks: boolean } = NO_DEFAULT,
  messages: Message[] = [HELLO],
) {
  return planThinking({ ...fields, messages }, messages, model)
}

describe('the thinking of a request reaches the wire unchanged', () => {
  test.each([
    { type: 'enabled', budget_tokens: 1024 },
    { type: 'adaptive', display: 'summarized' },
    { type: 'invented_tomorrow', depth: 3 },
  ])('if the thinking of the runtime is on: %j', (thinking) => {
    expect(plan({ thinking })).toEqual({ parameter: thinking, runtime: 'on' })
    expect(plan({ thinking }, DEFAULT)).toEqual({ parameter: thinking, runtime: 'on' })
    expect(plan({ thinking, top_p: 0.9 })).toEqual({ parameter: thinking, runtime: 'on' })
  })

  test('if the thinking of the runtime is off, because it is disabled', () => {
    const thinking = { type: 'disabled' }
    expect(plan({ thinking })).toEqual({ parameter: thinking, runtime: 'off' })
    expect(plan({ thinking }, DEFAULT)).toEqual({ parameter: thinking, runtime: 'off' })
  })

  test('also if it is disabled beside a top_p, which no temperature may accompany', () => {
    expect(plan({ thinking: { type: 'disabled' }, top_p: 0.9 })).toEqual({
      parameter: { type: 'disabled' },
      runtime: 'on',
    })
  })
})

describe('a request without thinking', () => {
  test('leaves it to the runtime, with its thinking off', () => {
    expect(plan({})).toEqual({ runtime: 'off' })
    expect(plan({ temperature: 0.2 })).toEqual({ runtime: 'off' })
    expect(plan({ temperature: 0.2, top_p: 0.9 })).toEqual({ runtime: 'off' })
  })

  test("with top_p alone turns the runtime's thinking on, and sets it to none", () => {
    expect(plan({ top_p: 0.9 })).toEqual({ parameter: { type: 'disabled' }, runtime: 'on' })
  })

  test('with top_p alone does not set it to none for a model that always thinks', () => {
    const model = { defaultBudget: undefined, alwaysThinks: true }
    expect(plan({ top_p: 0.9 }, model)).toEqual({ runtime: 'on' })
  })
})

describe('the configured budget', () => {
  const thinks = { parameter: { type: 'enabled', budget_tokens: 2048 }, runtime: 'on' }

  test.each<Partial<MessagesRequest>>([
    {},
    { max_tokens: 2049 },
    { temperature: 1 },
    { top_p: 0.95 },
    { top_p: 1 },
    { tool_choice: { type: 'auto' } },
    { tool_choice: { type: 'none' } },
  ])('is used for a request that the API accepts with thinking: %j', (fields) => {
    expect(plan(fields, DEFAULT)).toEqual(thinks)
  })

  test.each<Partial<MessagesRequest>>([
    { max_tokens: 2048 },
    { max_tokens: 0 },
    { temperature: 0.5 },
    { top_k: 5 },
    { tool_choice: { type: 'any' } },
    { tool_choice: { type: 'tool', name: 'a' } },
  ])('is not used for a request that the API would refuse: %j', (fields) => {
    expect(plan(fields, DEFAULT)).toEqual({ runtime: 'off' })
  })

  test('is not used beside a small top_p', () => {
    expect(plan({ top_p: 0.5 }, DEFAULT)).toEqual({
      parameter: { type: 'disabled' },
      runtime: 'on',
    })
  })

  test('is not used for a model that always thinks', () => {
    expect(plan({}, { defaultBudget: 2048, alwaysThinks: true })).toEqual({ runtime: 'off' })
  })

  test.each<[string, boolean, ContentBlock[]]>([
    ['a call without a thought before it', false, [{ type: 'tool_use' }]],
    ['a text and a call', false, [{ type: 'text', text: 'a' }, { type: 'tool_use' }]],
    ['a thought and a call', true, [{ type: 'thinking' }, { type: 'tool_use' }]],
    ['a redacted thought and a call', true, [{ type: 'redacted_thinking' }, { type: 'tool_use' }]],
    ['a text', true, [{ type: 'text', text: 'a' }]],
    ['nothing', true, []],
  ])('after an assistant message of %s: %j', (_name, holds, content) => {
    const messages: Message[] = [HELLO, { role: 'assistant', content }, HELLO]
    expect(plan({}, DEFAULT, messages)).toEqual(holds ? thinks : { runtime: 'off' })
  })

  test('depends on the last assistant message only', () => {
    const messages: Message[] = [
      HELLO,
      { role: 'assistant', content: [{ type: 'tool_use' }] },
      HELLO,
      { role: 'assistant', content: 'Done.' },
      HELLO,
    ]
    expect(plan({}, DEFAULT, messages)).toEqual(thinks)
  })
})
