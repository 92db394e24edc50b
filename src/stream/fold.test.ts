import { describe, expect, it, test } from 'vitest'

import type { StreamEvent } from '../api/types.ts'
import { createFold } from './fold.ts'

type Fields = Record<string, unknown>

function fold(events: readonly StreamEvent[]): unknown {
  const { push, message } = createFold()
  for (const event of events) push(event)
  return message()
}

const START_USAGE = {
  input_tokens: 25,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 2000,
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
  output_tokens: 1,
  service_tier: 'standard',
  inference_geo: 'not_available',
}

const MESSAGE = {
  id: 'msg_01WnPjzbWSD5MZTk4ZqXVtDb',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-6',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  usage: START_USAGE,
}

function start(fields: Fields = {}) {
  return { type: 'message_start', message: { ...MESSAGE, ...fields } }
}

function block(index: number, contentBlock: Fields, deltas: Fields[] = []): StreamEvent[] {
  return [
    { type: 'content_block_start', index, content_block: contentBlock } as StreamEvent,
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index } as StreamEvent,
  ]
}

function end(delta: Fields, usage: Fields, fields: Fields = {}): StreamEvent[] {
  return [
    { type: 'message_delta', delta, usage, ...fields } as StreamEvent,
    { type: 'message_stop' },
  ]
}

const END_TURN = end(
  { stop_reason: 'end_turn', stop_sequence: null, stop_details: null },
  { output_tokens: 15 },
)

function textDeltas(...texts: string[]): Fields[] {
  return texts.map((text) => ({ type: 'text_delta', text }))
}

function inputDeltas(...pieces: string[]): Fields[] {
  return pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
}

function toolUse(id: string, name: string) {
  return {
    type: 'tool_use',
    id,
    name,
    input: {},
    caller: { type: 'direct' },
  }
}

function searchCitation(citedText: string) {
  return {
    type: 'web_search_result_location',
    cited_text: citedText,
    url: 'https://example.com/weather',
    title: 'Weather in New York City',
    encrypted_index: 'Eo8BCioIAhgBIiQyYjQ0OWJmZi1l',
  }
}

function usageAfter(...usages: Fields[]): unknown {
  const deltas = usages.map((usage) => ({ type: 'message_delta', delta: {}, usage }))
  return (fold([start(), ...deltas, { type: 'message_stop' }]) as { usage: unknown }).usage
}

function firstBlock(contentBlock: Fields, deltas: Fields[]): unknown {
  const events = [start(), ...block(0, contentBlock, deltas), ...END_TURN]
  return (fold(events) as { content: unknown[] }).content[0]
}

describe('replies', () => {
  test('a text', () => {
    const events = [
      start(),
      { type: 'ping' },
      ...block(0, { type: 'text', text: '' }, textDeltas('Hello', '!', ' 👋\n')),
      ...end(
        { stop_reason: 'end_turn', stop_sequence: null },
        {
          input_tokens: 25,
          cache_creation_input_tokens: 100,
          cache_read_input_tokens: 2000,
          output_tokens: 15,
        },
      ),
    ]
    expect(fold(events)).toEqual({
      ...MESSAGE,
      content: [{ type: 'text', text: 'Hello! 👋\n' }],
      stop_reason: 'end_turn',
      usage: { ...START_USAGE, output_tokens: 15 },
    })
  })

  test('a thought with its signature, a redacted one, and a text', () => {
    const events = [
      start(),
      ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
        { type: 'thinking_delta', thinking: 'Let me solve this', estimated_tokens: null },
        { type: 'thinking_delta', thinking: ' step by step:\n\n1. 27 * 453' },
        { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk=' },
      ]),
      ...block(1, { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5' }),
      ...block(2, { type: 'text', text: '' }, textDeltas('27 * 453 = ', '12,231')),
      ...END_TURN,
    ]
    expect(fold(events)).toMatchObject({
      content: [
        {
          type: 'thinking',
          thinking: 'Let me solve this step by step:\n\n1. 27 * 453',
          signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk=',
        },
        { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5' },
        { type: 'text', text: '27 * 453 = 12,231' },
      ],
    })
  })

  test('calls of three tools at once, one of them without input', () => {
    const events = [
      start(),
      ...block(0, { type: 'text', text: '' }, textDeltas("I'll check both.")),
      ...block(
        1,
        toolUse('toolu_01T1x1fJ34qAmk2tNTrN7Up6', 'get_weather'),
        inputDeltas('', '{"location":', ' "San', ' Francisco, CA"', ', "days": 3.50}'),
      ),
      ...block(
        2,
        toolUse('toolu_01PKbMUbmhUyTLgNJhiHyQcA', 'get_time'),
        inputDeltas(
          '',
          '{"zones": ["America/Los_Angeles", "\\u00c9"], "exact": true',
          ', "at": null}',
        ),
      ),
      ...block(3, toolUse('toolu_01Kq2s3sTFzVjXJWBz4yoeJd', 'get_user'), inputDeltas('')),
      ...end({ stop_reason: 'tool_use', stop_sequence: null }, { output_tokens: 89 }),
    ]
    expect(fold(events)).toMatchObject({
      content: [
        { type: 'text', text: "I'll check both." },
        {
          ...toolUse('toolu_01T1x1fJ34qAmk2tNTrN7Up6', 'get_weather'),
          input: { location: 'San Francisco, CA', days: 3.5 },
        },
        {
          ...toolUse('toolu_01PKbMUbmhUyTLgNJhiHyQcA', 'get_time'),
          input: { zones: ['America/Los_Angeles', 'É'], exact: true, at: null },
        },
        toolUse('toolu_01Kq2s3sTFzVjXJWBz4yoeJd', 'get_user'),
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 25, output_tokens: 89 },
    })
    expect(Object.keys((fold(events) as { content: Fields[] }).content[1] ?? {})).toEqual([
      'type',
      'id',
      'name',
      'input',
      'caller',
    ])
  })

  test('a search on the web, with citations', () => {
    const results = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_014hJH82Qum7Td6UV8gDXThB',
      content: [
        {
          type: 'web_search_result',
          title: 'Weather in New York City',
          url: 'https://example.com/weather',
          encrypted_content: 'Ev0DCioIARgCIiQ3NmU4ZmI4OC1k',
          page_age: null,
        },
      ],
    }
    const events = [
      start(),
      ...block(
        0,
        {
          type: 'server_tool_use',
          id: 'srvtoolu_014hJH82Qum7Td6UV8gDXThB',
          name: 'web_search',
          input: {},
        },
        inputDeltas('', '{"query', '": "weather NYC', ' today"}'),
      ),
      ...block(1, results),
      ...block(2, { type: 'text', text: '' }, textDeltas('Here it is: ')),
      ...block(3, { type: 'text', text: '', citations: [] }, [
        { type: 'citations_delta', citation: searchCitation('Sunny, 21 degrees.') },
        { type: 'citations_delta', citation: searchCitation('Light wind.') },
        ...textDeltas('sunny', ' and calm'),
      ]),
      ...end(
        { stop_reason: 'end_turn', stop_sequence: null },
        {
          input_tokens: 10682,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 2000,
          output_tokens: 510,
          server_tool_use: { web_search_requests: 1 },
        },
      ),
    ]
    expect(fold(events)).toEqual({
      ...MESSAGE,
      content: [
        {
          type: 'server_tool_use',
          id: 'srvtoolu_014hJH82Qum7Td6UV8gDXThB',
          name: 'web_search',
          input: { query: 'weather NYC today' },
        },
        results,
        { type: 'text', text: 'Here it is: ' },
        {
          type: 'text',
          text: 'sunny and calm',
          citations: [searchCitation('Sunny, 21 degrees.'), searchCitation('Light wind.')],
        },
      ],
      stop_reason: 'end_turn',
      usage: {
        ...START_USAGE,
        input_tokens: 10682,
        cache_creation_input_tokens: 0,
        output_tokens: 510,
        server_tool_use: { web_search_requests: 1 },
      },
    })
  })

  test('citations of a text that began without a list of them', () => {
    const citation = {
      type: 'char_location',
      cited_text: 'The grass is green.',
      document_index: 0,
      document_title: null,
      start_char_index: 0,
      end_char_index: 20,
      file_id: null,
    }
    const events = [
      start(),
      ...block(0, { type: 'text', text: '', citations: null }, [
        ...textDeltas('green'),
        { type: 'citations_delta', citation },
      ]),
      ...END_TURN,
    ]
    expect(fold(events)).toMatchObject({
      content: [{ type: 'text', text: 'green', citations: [citation] }],
    })
  })

  test('a refusal before any content', () => {
    const details = {
      type: 'refusal',
      category: 'cyber',
      explanation: 'This request was declined.',
    }
    const events = [
      start(),
      ...end(
        { stop_reason: 'refusal', stop_sequence: null, stop_details: details },
        { output_tokens: 0 },
      ),
    ]
    expect(fold(events)).toEqual({
      ...MESSAGE,
      stop_reason: 'refusal',
      stop_details: details,
      usage: { ...START_USAGE, output_tokens: 0 },
    })
  })

  test('a text that stopped at a sequence of the client', () => {
    const events = [
      start(),
      ...block(0, { type: 'text', text: '' }, textDeltas('1, 2')),
      ...end({ stop_reason: 'stop_sequence', stop_sequence: ', 3' }, { output_tokens: 4 }),
    ]
    expect(fold(events)).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: ', 3' })
  })

  test('a call cut by max_tokens keeps the input that it began with', () => {
    const events = [
      start(),
      ...block(
        0,
        { type: 'tool_use', id: 'toolu_01A09q90qw90lq917835lq9', name: 'write', input: {} },
        inputDeltas('', '{"path": "a.txt", "text": "Once up'),
      ),
      ...end({ stop_reason: 'max_tokens', stop_sequence: null }, { output_tokens: 20 }),
    ]
    expect(fold(events)).toMatchObject({
      content: [{ type: 'tool_use', name: 'write', input: {} }],
      stop_reason: 'max_tokens',
    })
  })

  test('a code execution leaves its container, and edits of the context, on the message', () => {
    const container = {
      id: 'container_011CPR5CNjB747bTd36fQLFk',
      expires_at: '2026-01-01T00:00:00Z',
    }
    const edits = { applied_edits: [{ type: 'clear_tool_uses_20250919', cleared_tool_uses: 8 }] }
    const events = [
      start({ container: null, context_management: null }),
      ...end(
        { stop_reason: 'end_turn', stop_sequence: null, container },
        { output_tokens: 9 },
        { context_management: edits, field_of_tomorrow: 1 },
      ),
    ]
    expect(fold(events)).toMatchObject({
      container,
      context_management: edits,
      field_of_tomorrow: 1,
    })
  })

  test('a compaction is set as a whole', () => {
    const events = [
      start(),
      ...block(0, { type: 'compaction', content: null, encrypted_content: null }, [
        {
          type: 'compaction_delta',
          content: 'The user wants a web scraper.',
          encrypted_content: 'Ev8=',
        },
      ]),
      ...block(1, { type: 'compaction', content: null }, [
        { type: 'compaction_delta', content: null },
      ]),
      ...END_TURN,
    ]
    expect(fold(events)).toMatchObject({
      content: [
        {
          type: 'compaction',
          content: 'The user wants a web scraper.',
          encrypted_content: 'Ev8=',
        },
        { type: 'compaction', content: null },
      ],
    })
  })

  test('a reply of a fallback model has its name', () => {
    const fallback = {
      type: 'fallback',
      from: { model: 'claude-sonnet-4-6' },
      to: { model: 'claude-haiku-4-5-20251001' },
      trigger: { type: 'refusal' },
    }
    const events = [start(), ...block(0, fallback), ...END_TURN]
    expect(fold(events)).toMatchObject({ model: 'claude-haiku-4-5-20251001', content: [fallback] })
  })
})

describe('usage', () => {
  it('is a total, not a sum', () => {
    expect(usageAfter({ output_tokens: 10 }, { output_tokens: 12, input_tokens: 30 })).toEqual({
      ...START_USAGE,
      output_tokens: 12,
      input_tokens: 30,
    })
  })

  it('keeps a number that a null would erase', () => {
    expect(usageAfter({ output_tokens: 10, input_tokens: null, cache_creation: null })).toEqual({
      ...START_USAGE,
      output_tokens: 10,
    })
  })

  it('may go down to zero', () => {
    expect(usageAfter({ output_tokens: 0, input_tokens: 0 })).toMatchObject({
      output_tokens: 0,
      input_tokens: 0,
    })
  })

  it('has the fields that only came at the end, null or not', () => {
    expect(
      usageAfter({ output_tokens: 10, server_tool_use: null, counter_of_tomorrow: { a: 1 } }),
    ).toEqual({
      ...START_USAGE,
      output_tokens: 10,
      server_tool_use: null,
      counter_of_tomorrow: { a: 1 },
    })
  })
})

describe('deviations of gateways', () => {
  it('takes a message_delta without usage', () => {
    const delta = { type: 'message_delta', delta: { stop_reason: 'end_turn' } }
    const message = fold([start(), delta, { type: 'message_stop' }])
    expect(message).toMatchObject({ stop_reason: 'end_turn', usage: START_USAGE })
  })

  it('takes usage that only comes at the end', () => {
    const { usage: _, ...others } = MESSAGE
    const bare: StreamEvent & { message: object } = { type: 'message_start', message: others }
    const message = fold([bare, ...END_TURN])
    expect(message).toMatchObject({ usage: { output_tokens: 15 } })
  })

  it('keeps a stop reason that a later message_delta does not have', () => {
    const more = {
      type: 'message_delta',
      delta: { stop_reason: null },
      usage: { output_tokens: 9 },
    }
    expect(fold([start(), ...END_TURN.slice(0, 1), more, { type: 'message_stop' }])).toMatchObject({
      stop_reason: 'end_turn',
      usage: { output_tokens: 9 },
    })
  })

  it('accepts content in message_start, and content after it', () => {
    const call = { ...toolUse('toolu_1', 'look'), input: { a: 1 } }
    const whole = start({ content: [call], stop_reason: 'tool_use' })
    expect(fold([whole, { type: 'message_stop' }])).toEqual(whole.message)
    const more = block(1, { type: 'text', text: '' }, textDeltas('b'))
    expect(fold([whole, ...more, ...END_TURN])).toMatchObject({
      content: [call, { type: 'text', text: 'b' }],
    })
  })
})

describe('unknown types', () => {
  it('keeps a block of an unknown type unchanged', () => {
    const future = { type: 'block_of_tomorrow', parts: [{ a: 1 }], state: null }
    expect(firstBlock(future, [])).toEqual(future)
  })

  it('applies known deltas to a block of an unknown type', () => {
    const future = { type: 'block_of_tomorrow', text: 'a', input: {} }
    expect(firstBlock(future, [...textDeltas('b'), ...inputDeltas('{"c":', '1}')])).toEqual({
      type: 'block_of_tomorrow',
      text: 'ab',
      input: { c: 1 },
    })
  })

  it('appends an unknown delta that is a piece of one text', () => {
    const deltas = ['b', 'c'].map((summary) => ({ type: 'summary_delta', summary, estimate: 1 }))
    expect(firstBlock({ type: 'summary', summary: 'a' }, deltas)).toEqual({
      type: 'summary',
      summary: 'abc',
    })
  })

  it('assigns the fields of any other unknown delta', () => {
    const delta = { type: 'state_delta', state: 'done', result: { a: 1 } }
    expect(firstBlock({ type: 'x', state: null }, [delta])).toEqual({
      type: 'x',
      state: 'done',
      result: { a: 1 },
    })
  })

  it('ignores events of unknown types in every place', () => {
    const unknown = { type: 'event_of_tomorrow', index: 7 }
    const events = [
      unknown,
      { type: 'ping' },
      start(),
      unknown,
      ...block(0, { type: 'text', text: 'a' }),
      unknown,
      ...END_TURN,
      unknown,
      { type: 'ping' },
    ]
    expect(fold(events)).toMatchObject({ content: [{ type: 'text', text: 'a' }] })
  })
})

describe('an impossible order of events', () => {
  const open = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } }
  const close = { type: 'content_block_stop', index: 0 }
  const stop = { type: 'message_stop' }

  test.each<[string, StreamEvent[]]>([
    ['a second message_start', [start(), start()]],
    ['a message_start after the end', [start(), stop, start()]],
    ['a block before message_start', [open]],
    ['a message_delta before message_start', END_TURN],
    ['a message_stop before message_start', [stop]],
    ['a delta without a block', [start(), delta]],
    ['a delta of another block', [start(), open, { ...delta, index: 1 } as StreamEvent]],
    ['a delta after its block', [start(), open, close, delta]],
    ['a stop without a block', [start(), close]],
    ['a block stopped twice', [start(), open, close, close]],
    ['a block started twice', [start(), open, open]],
    ['a block after a later one', [start(), { ...open, index: 1 } as StreamEvent, open]],
    ['an end with a block open', [start(), open, stop]],
    ['a block after the end', [start(), stop, open]],
    ['a second end', [start(), stop, stop]],
  ])('throws: %s', (_, events) => {
    expect(() => fold(events)).toThrow(/^Event out of order in the reply: /)
  })

  test.each<[string, StreamEvent[]]>([
    ['nothing came', []],
    ['the reply broke off', [start(), open, delta, close]],
    ['only the message_stop is missing', [start(), ...END_TURN.slice(0, 1)]],
  ])('gives no message if %s', (_, events) => {
    expect(() => fold(events)).toThrow('The reply ended before message_stop')
  })
})

test('the message shares no object with the events, which stay unchanged', () => {
  const citation = { type: 'char_location', cited_text: 'a' }
  const events: StreamEvent[] = [
    start({ container: { id: 'c' } }),
    ...block(0, { type: 'text', text: '', citations: [] }, [
      ...textDeltas('a'),
      { type: 'citations_delta', citation },
    ]),
    ...block(1, { type: 'result', content: [{ a: { b: 1 } }] }, [
      { type: 'unknown_delta', more: { c: 1 } },
    ]),
    ...end(
      { stop_reason: 'end_turn', stop_details: { type: 'refusal' } },
      { output_tokens: 1, server_tool_use: { web_search_requests: 1 } },
      { context_management: { applied_edits: [] } },
    ),
  ]
  const before = structuredClone(events)
  const message = fold(events)
  expect(events).toEqual(before)
  overwriteEverything(message)
  expect(events).toEqual(before)
})

test('a field named __proto__ or constructor becomes an own field', () => {
  const fields = JSON.parse('{"__proto__":{"a":1},"constructor":null}') as Fields
  const message = fold([
    start(),
    ...block(0, { type: 'result' }, [{ type: 'unknown_delta', ...fields }]),
    ...end({ stop_reason: 'end_turn', ...fields }, fields),
  ]) as Fields & { content: Fields[] }
  for (const told of [message, message['usage'] as Fields, message.content[0] ?? {}]) {
    expect(Object.getPrototypeOf(told)).toBe(Object.prototype)
    expect(Object.keys(told)).toEqual(expect.arrayContaining(['__proto__', 'constructor']))
  }
})

function overwriteEverything(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const part of Object.values(value)) overwriteEverything(part)
  for (const key of Object.keys(value)) (value as Fields)[key] = 'overwritten'
}
