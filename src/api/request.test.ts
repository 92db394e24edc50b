import { describe, expect, it, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { parseMessagesRequest } from './request.ts'

const HELLO = { role: 'user', content: 'Hello' }

/** A valid request, except for the given fields. */
function withFields(fields: Record<string, unknown>): Record<string, unknown> {
  return { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [HELLO], ...fields }
}

function withBlock(block: unknown): Record<string, unknown> {
  return withFields({ messages: [{ role: 'user', content: [block] }] })
}

function messageOfError(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ type: 'invalid_request_error', status: 400 })
    return (error as ApiError).message
  }
  throw new Error('Nothing was thrown')
}

function refusal(body: unknown): string {
  return messageOfError(() => parseMessagesRequest(body))
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth))
}

describe('a valid request', () => {
  it('comes back as the same object', () => {
    const body: unknown = JSON.parse(
      '{"unknown_field":{"b":1,"a":2},"messages":[{"content":"Hi","role":"user","later":true}],"model":"m"}',
    )
    expect(parseMessagesRequest(body)).toBe(body)
    expect(JSON.stringify(body)).toBe(
      '{"unknown_field":{"b":1,"a":2},"messages":[{"content":"Hi","role":"user","later":true}],"model":"m"}',
    )
  })

  it('needs only messages', () => {
    expect(() => parseMessagesRequest({ messages: [HELLO] })).not.toThrow()
  })

  it('may use every parameter', () => {
    const body = withFields({
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      stream: true,
      temperature: 0,
      top_p: 0.95,
      top_k: 5,
      stop_sequences: ['END'],
      tools: [
        { name: 'get_weather', description: 'Weather', input_schema: { type: 'object' } },
        { type: 'custom', name: 'other', input_schema: { type: 'object' }, strict: true },
        { type: null, name: 'third', input_schema: { type: 'object' } },
        { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
        { type: 'a_tool_of_tomorrow' },
      ],
      tool_choice: { type: 'tool', name: 'get_weather' },
      thinking: { type: 'enabled', budget_tokens: 1024 },
      output_config: { effort: 'low' },
      metadata: { user_id: 'someone' },
      service_tier: 'auto',
    })
    expect(() => parseMessagesRequest(body)).not.toThrow()
  })

  test.each([
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
    { type: 'search_result', source: 'https://example.com', title: 'x', content: [] },
    { type: 'constructor' },
    { type: '__proto__' },
    { type: 'block_of_tomorrow', text: 5 },
  ])('may hold a block %j', (block) => {
    expect(() => parseMessagesRequest(withBlock(block))).not.toThrow()
  })

  it('may hold thinking blocks and calls of tools that ran on the API', () => {
    const messages = [
      HELLO,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: '', signature: 'EqQBCg==' },
          { type: 'redacted_thinking', data: 'EmwKAhgB' },
          { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
          { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
          { type: 'text', text: '\n\n' },
          { type: 'tool_use', id: 'toolu_1', name: 'a', input: {} },
          { type: 'tool_use', id: 'toolu_2', name: 'b', input: {} },
          { type: 'tool_use', id: 'toolu_3', name: 'c', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: '' },
          { type: 'tool_result', tool_use_id: 'toolu_3', content: [{ type: 'text', text: 'x' }] },
        ],
      },
    ]
    expect(() => parseMessagesRequest(withFields({ messages }))).not.toThrow()
  })
})

describe('a wrong field is reported with its path', () => {
  test.each([
    [undefined, 'Input should be an object'],
    [null, 'Input should be an object'],
    ['text', 'Input should be an object'],
    [[HELLO], 'Input should be an object'],
    [{}, 'messages: Field required'],
    [withFields({ messages: null }), 'messages: Input should be a valid list'],
    [withFields({ messages: HELLO }), 'messages: Input should be a valid list'],
    [withFields({ messages: [] }), 'messages: at least one message is required'],
    [withFields({ messages: ['Hello'] }), 'messages.0: Input should be an object'],
    [withFields({ messages: [HELLO, { content: 'x' }] }), 'messages.1.role: Field required'],
    [
      withFields({ messages: [{ role: 'developer', content: 'x' }] }),
      "messages.0.role: Input should be 'user' or 'assistant' or 'system'",
    ],
    [withFields({ messages: [{ role: 'user' }] }), 'messages.0.content: Field required'],
    [
      withFields({ messages: [{ role: 'user', content: null }] }),
      'messages.0.content: Input should be a valid list',
    ],
    [
      withFields({ messages: [{ role: 'user', content: { type: 'text', text: 'x' } }] }),
      'messages.0.content: Input should be a valid list',
    ],
    [
      withFields({ messages: [HELLO, { role: 'assistant', content: [{ text: 'x' }] }] }),
      'messages.1.content.0.type: Field required',
    ],
    [withBlock('Hello'), 'messages.0.content.0: Input should be an object'],
    [withBlock({ type: 7 }), 'messages.0.content.0.type: Input should be a valid string'],
  ])('%j', (body, message) => {
    expect(refusal(body)).toBe(message)
  })

  test.each([
    ['model', null, 'model: Input should be a valid string'],
    ['model', '', 'model: String should have at least 1 character'],
    ['max_tokens', '100', 'max_tokens: Input should be a valid integer'],
    ['max_tokens', 1.5, 'max_tokens: Input should be a valid integer'],
    ['max_tokens', Infinity, 'max_tokens: Input should be a valid integer'],
    ['max_tokens', -1, 'max_tokens: Input should be greater than or equal to 0'],
    ['temperature', 'hot', 'temperature: Input should be a valid number'],
    ['top_p', [], 'top_p: Input should be a valid number'],
    ['top_k', 0.5, 'top_k: Input should be a valid integer'],
    ['stream', 'true', 'stream: Input should be a valid boolean'],
    ['stream', null, 'stream: Input should be a valid boolean'],
    ['stop_sequences', 'END', 'stop_sequences: Input should be a valid list'],
    ['stop_sequences', ['END', 1], 'stop_sequences.1: Input should be a valid string'],
    ['system', 5, 'system: Input should be a valid list'],
    ['system', ['x'], 'system.0: Input should be an object'],
    ['system', [{ text: 'x' }], 'system.0.type: Field required'],
    ['system', [{ type: 'image' }], "system.0.type: Input should be 'text'"],
    ['system', [{ type: 'text' }], 'system.0.text: Field required'],
    ['metadata', 'someone', 'metadata: Input should be an object'],
    ['thinking', true, 'thinking: Input should be an object'],
    ['thinking', { budget_tokens: 1024 }, 'thinking.type: Field required'],
    ['tool_choice', 'auto', 'tool_choice: Input should be an object'],
    ['tool_choice', {}, 'tool_choice.type: Field required'],
    ['output_config', [], 'output_config: Input should be an object'],
    ['tools', {}, 'tools: Input should be a valid list'],
    ['tools', ['bash'], 'tools.0: Input should be an object'],
    ['tools', [{ input_schema: {} }], 'tools.0.name: Field required'],
    ['tools', [{ name: 5, input_schema: {} }], 'tools.0.name: Input should be a valid string'],
    ['tools', [{ type: 'custom', name: 'a' }], 'tools.0.input_schema: Field required'],
    [
      'tools',
      [{ name: 'a', input_schema: 'string' }],
      'tools.0.input_schema: Input should be an object',
    ],
  ])('%s: %j', (field, value, message) => {
    expect(refusal(withFields({ [field]: value }))).toBe(message)
  })

  test.each([
    [{ type: 'text' }, 'text.text: Field required'],
    [{ type: 'text', text: null }, 'text.text: Input should be a valid string'],
    [{ type: 'image' }, 'image.source: Field required'],
    [{ type: 'image', source: 'x' }, 'image.source: Input should be an object'],
    [{ type: 'image', source: { data: '' } }, 'image.source.type: Field required'],
    [{ type: 'document', source: [] }, 'document.source: Input should be an object'],
    [{ type: 'tool_use', name: 'a', input: {} }, 'tool_use.id: Field required'],
    [{ type: 'tool_use', id: 'a', input: {} }, 'tool_use.name: Field required'],
    [{ type: 'tool_use', id: 'a', name: 'a' }, 'tool_use.input: Field required'],
    [
      { type: 'tool_use', id: 'a', name: 'a', input: '{}' },
      'tool_use.input: Input should be an object',
    ],
    [{ type: 'tool_result', content: 'x' }, 'tool_result.tool_use_id: Field required'],
    [
      { type: 'tool_result', tool_use_id: 'a', content: 5 },
      'tool_result.content: Input should be a valid list',
    ],
    [
      { type: 'tool_result', tool_use_id: 'a', content: [{ text: 'x' }] },
      'tool_result.content.0.type: Field required',
    ],
    [{ type: 'thinking', thinking: 'x' }, 'thinking.signature: Field required'],
    [{ type: 'thinking', signature: 'x' }, 'thinking.thinking: Field required'],
    [{ type: 'redacted_thinking' }, 'redacted_thinking.data: Field required'],
  ])('block %j', (block, rest) => {
    expect(refusal(withBlock(block))).toBe(`messages.0.content.0.${rest}`)
  })

  it('reports the first wrong field in the order of the schema', () => {
    const body = { stream: 'yes', max_tokens: 'many', messages: [HELLO, { role: 'x' }], model: 1 }
    expect(refusal(body)).toBe('model: Input should be a valid string')
  })

  it('refuses a number that is too large for JavaScript', () => {
    const body = withFields({ temperature: Number.POSITIVE_INFINITY })
    expect(refusal(body)).toBe('temperature: Input should be a valid number')
  })
})

describe('a hostile body', () => {
  test.each([
    ['messages', 100_000, { role: 'user', content: 'Hi' }],
    ['tools', 10_000, { name: 'look', input_schema: {} }],
  ])('with too many %s is refused', (field, most, part) => {
    const body = {
      messages: [{ role: 'user', content: 'Hi' }],
      [field]: Array(most + 1).fill(part),
    }
    expect(() => parseMessagesRequest(body)).toThrow(
      `${field}: List should have at most ${most} items`,
    )
  })

  test('with an error far behind is refused, with the path of the error', () => {
    const block = { type: 'text', text: 'Hi' }
    const content = [...Array.from({ length: 1200 }, () => block), { type: 'text' }]
    expect(() => parseMessagesRequest({ messages: [{ role: 'user', content }] })).toThrow(
      'messages.0.content.1200.text.text: Field required',
    )
  })

  test.each([
    ['messages', { system: [5], messages: [{ role: 'made up' }], tools: [{}] }],
    ['max_tokens', { system: [5], tools: [{}], max_tokens: 'x' }],
    ['system.0', { system: [5], tools: [{}], top_k: 'x' }],
    ['top_k', { tools: [{}], top_k: 'x' }],
    ['tools.0', { tools: [{}], metadata: 'x' }],
  ])(
    'with several errors is refused with the first in the order of the fields: %s',
    (field, body) => {
      const messages = [{ role: 'user', content: 'Hi' }]
      expect(() => parseMessagesRequest({ messages, ...body })).toThrow(new RegExp(`^${field}`))
    },
  )

  it('may be nested 100,000 levels deep in a field that is not read', () => {
    const deep = nested(100_000)
    const body = withFields({
      unknown_field: deep,
      tools: [{ name: 'a', input_schema: { deep } }],
      messages: [{ role: 'user', content: [{ type: 'unknown', deep }] }],
    })
    expect(parseMessagesRequest(body)).toBe(body)
  })

  test.each([
    ['body', nested(100_000), 'Input should be an object'],
    [
      'messages',
      withFields({ messages: nested(100_000) }),
      'messages.0: Input should be an object',
    ],
    ['content', withBlock(nested(100_000)), 'messages.0.content.0: Input should be an object'],
    [
      'temperature',
      withFields({ temperature: nested(100_000) }),
      'temperature: Input should be a valid number',
    ],
  ])('is refused with the usual message if %s is nested too deeply', (_, body, message) => {
    expect(refusal(body)).toBe(message)
  })

  it('changes no prototype with its __proto__', () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"messages":[{"role":"user","content":[{"type":"text","text":"Hi","__proto__":{"polluted":1}}],"__proto__":{"polluted":1}}]}',
    )
    const request = parseMessagesRequest(body)
    expect(request).toBe(body)
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype)
    expect(Object.keys(request)).toContain('__proto__')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('takes no field from the prototype', () => {
    const body: unknown = JSON.parse('{"__proto__":{"messages":[{"role":"user","content":"Hi"}]}}')
    expect(refusal(body)).toBe('messages: Field required')
  })
})
