import Anthropic, { BadRequestError } from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'

import { modelRuleError } from './support/model-rules.ts'
import { startStandin } from './support/standin.ts'

const USER = { role: 'user', content: 'Hello' }
const SYSTEM_MESSAGES = { messages: [USER, { role: 'system', content: 'It is late.' }] }
const PREFILL = { messages: [USER, { role: 'assistant', content: '{' }] }
const PAUSED = {
  messages: [
    USER,
    {
      role: 'assistant',
      content: [{ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }],
    },
  ],
}
const TOOLS = [{ name: 'look', input_schema: { type: 'object' } }]

/** The refusal's message, or `taken`. */
function outcomeOf(model: string, fields: object): string {
  const refusal = modelRuleError({ model, max_tokens: 100, messages: [USER], ...fields })
  return refusal?.kind === 'error' ? refusal.message : 'taken'
}

type Case = [what: string, fields: object, refusal: RegExp, refusing: string[], taking: string[]]

const CASES: Case[] = [
  [
    'messages of the role system',
    SYSTEM_MESSAGES,
    /^role 'system' is not supported on this model$/,
    ['claude-sonnet-4-6', 'claude-opus-4-7', 'claude-haiku-4-5-20251001'],
    ['claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5'],
  ],
  [
    'a system message at the very beginning',
    { messages: [...SYSTEM_MESSAGES.messages].toReversed() },
    /^messages\.0: use the top-level 'system' parameter/,
    ['claude-opus-4-8', 'claude-sonnet-5-5'],
    [],
  ],
  ...['temperature', 'top_p', 'top_k'].map((name): Case => [
    name,
    { [name]: name === 'top_k' ? 5 : 0.5 },
    new RegExp(`^\`${name}\` is deprecated for this model`),
    ['claude-opus-4-7', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'],
    ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5'],
  ]),
  ['the usual temperature', { temperature: 1 }, /never/, [], ['claude-opus-5-5']],
  ...[{ type: 'any' }, { type: 'tool', name: 'look' }].map((tool_choice): Case => [
    `the tool choice ${tool_choice.type}`,
    { tools: TOOLS, tool_choice },
    new RegExp(`^"tool_choice\\.type\\.${tool_choice.type}" is not supported`),
    ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'],
    ['claude-sonnet-4-6', 'claude-opus-4-8', 'claude-sonnet-5'],
  ]),
  [
    'prefill',
    PREFILL,
    /^Prefilling assistant messages is not supported/,
    ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'],
    ['claude-sonnet-4-6'],
  ],
  ['a turn that paused', PAUSED, /never/, [], ['claude-opus-5-5']],
  [
    'thinking that is disabled',
    { thinking: { type: 'disabled' } },
    /^"thinking\.type\.disabled" is not supported for this model/,
    ['claude-sonnet-5-5', 'claude-opus-5-5'],
    ['claude-sonnet-4-6', 'claude-sonnet-5', 'claude-opus-5'],
  ],
  [
    'thinking between tools alone',
    { thinking: { type: 'between_tools' } },
    /never/,
    [],
    ['claude-sonnet-5-5'],
  ],
]

describe.each(CASES)('%s', (_, fields, refusal, refusing, taking) => {
  test.each([...refusing, ...taking])('%s', (model) => {
    const expected = refusing.includes(model) ? refusal : /^taken$/
    expect(outcomeOf(model, fields)).toMatch(expected)
  })
})

test('an unknown model has no rules', () => {
  expect(outcomeOf('made-up-1', PREFILL)).toBe('taken')
})

test('the stand-in applies the rules of models by default', async () => {
  const standin = await startStandin()
  const client = new Anthropic({ baseURL: standin.url, apiKey: 'made-up', maxRetries: 0 })
  const request = { model: 'claude-sonnet-5-5', max_tokens: 100, messages: [], top_k: 5 }
  try {
    await expect(client.messages.create(request)).rejects.toThrow(BadRequestError)
    standin.hasModelRules = false
    expect(await client.messages.create(request)).toMatchObject({ type: 'message' })
  } finally {
    await standin.close()
  }
})
