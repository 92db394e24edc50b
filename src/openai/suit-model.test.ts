import { describe, expect, test } from 'vitest'

import type { MessagesRequest } from '../api/types.ts'
import { suitModel } from './suit-model.ts'

const HELLO = { messages: [{ role: 'user' as const, content: 'Hello' }] }

function suited(fields: Partial<MessagesRequest>, model: string) {
  const { request, leftOut } = suitModel({ ...HELLO, ...fields }, model)
  const { messages, ...kept } = request
  expect(messages).toBe(HELLO.messages)
  return { kept, leftOut }
}

const SAMPLING = { temperature: 0, top_p: 0.9, top_k: 5 }
const ADAPTIVE = { thinking: { type: 'adaptive', display: 'summarized' } }

describe('sampling parameters', () => {
  test.each(['claude-opus-4-7', 'claude-sonnet-5', 'claude-haiku-5-5', 'claude-fable-5-1'])(
    'are left out for %s',
    (model) => {
      expect(suited(SAMPLING, model)).toEqual({
        kept: {},
        leftOut: ['temperature', 'top_p', 'top_k'],
      })
    },
  )

  test('stay for a model that accepts them, with one of temperature and top_p', () => {
    expect(suited(SAMPLING, 'claude-sonnet-4-6')).toEqual({
      kept: { temperature: 0, top_k: 5 },
      leftOut: ['top_p'],
    })
    expect(suited({ top_p: 0.9 }, 'claude-sonnet-4-6')).toEqual({
      kept: { top_p: 0.9 },
      leftOut: [],
    })
    expect(suited(SAMPLING, 'claude-3-5-haiku-20241022')).toEqual({ kept: SAMPLING, leftOut: [] })
  })

  test('stay if they have the default value', () => {
    expect(suited({ temperature: 1 }, 'claude-opus-5-5')).toEqual({
      kept: { temperature: 1 },
      leftOut: [],
    })
  })

  test('are left out beside thinking, because the API refuses both together', () => {
    const asked = { ...ADAPTIVE, temperature: 0.2, top_k: 5 }
    expect(suited(asked, 'claude-sonnet-4-6')).toEqual({
      kept: ADAPTIVE,
      leftOut: ['temperature', 'top_k'],
    })
    expect(suited({ ...ADAPTIVE, top_p: 0.97 }, 'claude-sonnet-4-6').leftOut).toEqual([])
    expect(suited({ ...ADAPTIVE, top_p: 0.5 }, 'claude-sonnet-4-6').leftOut).toEqual(['top_p'])
  })
})

describe('a forced tool call', () => {
  const forced = { tool_choice: { type: 'tool', name: 'look' } }

  test.each(['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1'])(
    'is left out for %s',
    (model) => {
      expect(suited(forced, model)).toEqual({ kept: {}, leftOut: ['tool_choice'] })
    },
  )

  test.each(['claude-opus-5', 'claude-sonnet-5', 'claude-haiku-4-5', 'claude-fable-5'])(
    'stays for %s',
    (model) => {
      expect(suited(forced, model)).toEqual({ kept: forced, leftOut: [] })
    },
  )

  test('keeps the limit of one call at a time when it is left out', () => {
    const choice = { type: 'any', disable_parallel_tool_use: true }
    expect(suited({ tool_choice: choice }, 'claude-opus-5-5')).toEqual({
      kept: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      leftOut: ['tool_choice'],
    })
  })

  test.each(['auto', 'none'])('differs from %s, which stays', (type) => {
    const choice = { tool_choice: { type } }
    expect(suited(choice, 'claude-opus-5-5')).toEqual({ kept: choice, leftOut: [] })
  })
})

describe('an effort', () => {
  const format = { type: 'json_schema' }
  const asked = { ...ADAPTIVE, output_config: { effort: 'high', format } }

  test('is left out for models without it, together with adaptive thinking', () => {
    expect(suited(asked, 'claude-haiku-4-5')).toEqual({
      kept: { output_config: { format } },
      leftOut: ['thinking', 'output_config.effort'],
    })
    expect(suited({ output_config: { effort: 'low' } }, 'claude-sonnet-4-5').kept).toEqual({})
  })

  test('stays without adaptive thinking for Opus 4.5, and unchanged for newer models', () => {
    expect(suited(asked, 'claude-opus-4-5').leftOut).toEqual(['thinking'])
    expect(suited(asked, 'claude-sonnet-4-6')).toEqual({ kept: asked, leftOut: [] })
  })
})

test('stop sequences of white space are left out for every model', () => {
  expect(suited({ stop_sequences: ['\n', 'END', ' '] }, 'gpt-4o')).toEqual({
    kept: { stop_sequences: ['END'] },
    leftOut: ['stop_sequences'],
  })
  expect(suited({ stop_sequences: ['\n'] }, 'claude-sonnet-4-6').kept).toEqual({})
  expect(suited({ stop_sequences: ['END'] }, 'claude-sonnet-4-6').leftOut).toEqual([])
})

test('a name without a version loses no parameter', () => {
  expect(suited(SAMPLING, 'gpt-4o')).toEqual({ kept: SAMPLING, leftOut: [] })
})

test.each([
  ['claude-opus-5-5', true],
  ['claude-opus-4-8', true],
  ['claude-sonnet-4-6', false],
  ['a-model-of-mine', false],
])('system messages inside a conversation stay for %s: %s', (model, stays) => {
  const system = { role: 'system' as const, content: 'Be kind.' }
  const { request, leftOut } = suitModel(
    { messages: [{ role: 'user', content: 'Hello' }, system] },
    model,
  )
  const text = '<system_message>\nBe kind.\n</system_message>'
  expect(request.messages[1]).toEqual(
    stays ? system : { role: 'user', content: [{ type: 'text', text }] },
  )
  expect(leftOut).toEqual([])
})
