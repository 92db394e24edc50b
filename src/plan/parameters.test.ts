import { expect, test } from 'vitest'

import { extraBodyOf } from './parameters.ts'

const messages = [{ role: 'user' as const, content: 'Hello' }]

test('every field is passed on unchanged, known or not', () => {
  const fields = {
    max_tokens: 1,
    temperature: 0,
    top_p: 0.5,
    top_k: 3,
    stop_sequences: ['a'],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    output_config: { effort: 'low', format: { type: 'json_schema', schema: { b: 1, a: 2 } } },
    service_tier: 'auto',
    context_management: { edits: [] },
    invented_tomorrow: { deep: [null, { er: false }] },
    empty: null,
  }
  expect(extraBodyOf({ ...fields, messages })).toEqual(fields)
})

test('fields that are sent in another way are left out', () => {
  expect(
    extraBodyOf({
      model: 'claude-sonnet-4-6',
      messages,
      system: 'Be brief.',
      tools: [],
      thinking: { type: 'disabled' },
      stream: true,
      metadata: { user_id: 'made-up' },
    }),
  ).toEqual({})
})

test.each(['betas', 'program_use_case_id'])(
  '%s is refused, whatever its value: the runtime would take it for itself',
  (name) => {
    for (const value of [null, 'x', ['x']]) {
      expect(() => extraBodyOf({ messages, [name]: value })).toThrow(`${name}: `)
    }
  },
)

test('a speed that the runtime would leave out is refused', () => {
  expect(() => extraBodyOf({ messages, speed: 'turbo' })).toThrow('speed: ')
  for (const speed of ['fast', 'standard', null]) {
    expect(extraBodyOf({ messages, speed })).toEqual({ speed })
  }
})
