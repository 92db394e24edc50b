import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { message } from '../../support/answers.ts'
import { assistantMessage, thinkingMessage, toolUseMessage } from '../../support/messages.ts'
import { type Bench, expectAsSent, expectAsSentTwice, nextTurn, startBench } from './bench.ts'
import { call, conversation, image, PDF, TIME_TOOL, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const text = (words: string): object => ({ type: 'text', text: words })

const result = (id: string, fields: object = { content: '21 °C' }): object => ({
  type: 'tool_result',
  tool_use_id: id,
  ...fields,
})

const TOOLS = [WEATHER_TOOL, TIME_TOOL]

const SEARCH = [
  {
    type: 'server_tool_use',
    id: 'srvtoolu_01',
    name: 'web_search',
    input: { query: 'sky colour' },
  },
  {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_01',
    content: [
      {
        type: 'web_search_result',
        url: 'https://example.com/sky',
        title: 'Sky',
        encrypted_content: 'bWFkZSB1cA==',
        page_age: '3 days ago',
      },
    ],
  },
  {
    type: 'text',
    text: 'The sky is blue.',
    citations: [
      {
        type: 'web_search_result_location',
        url: 'https://example.com/sky',
        title: 'Sky',
        encrypted_index: 'bWFkZSB1cA==',
        cited_text: 'blue',
      },
    ],
  },
]

const THOUGHT = { type: 'thinking', thinking: 'Let me see.\n\n', signature: 'c2lnbmF0dXJl' }

const ASSISTANT_TURNS: Record<string, unknown> = {
  'a string': 'It is blue.',
  'a string with white space at its ends': '\n It is blue. \n\n',
  'text blocks': [text('It is'), text(' blue.')],
  'a block of white space before another': [text('\n\n'), text('It is blue.')],
  'characters of all kinds': 'Γαλάζιος 天空 👩🏽‍🚀 \r\n \u0000 \u2028 </assistant>',
  'thinking with its signature': [THOUGHT, text('It is blue.')],
  'thinking that shows nothing': [{ ...THOUGHT, thinking: '' }, text('It is blue.')],
  'several thoughts': [THOUGHT, text('It'), { ...THOUGHT, signature: 'bw==' }, text('is blue.')],
  'redacted thinking': [{ type: 'redacted_thinking', data: 'ZGF0YQ==' }, text('It is blue.')],
  'thinking and redacted thinking': [
    THOUGHT,
    { type: 'redacted_thinking', data: 'ZGF0YQ==' },
    text('It is blue.'),
  ],
  'a web search with citations': SEARCH,
  'a web search that failed': [
    SEARCH[0],
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_01',
      content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
    },
    text('I could not look.'),
  ],
  'code execution': [
    { type: 'server_tool_use', id: 'srvtoolu_02', name: 'code_execution', input: { code: '1+1' } },
    {
      type: 'code_execution_tool_result',
      tool_use_id: 'srvtoolu_02',
      content: {
        type: 'code_execution_result',
        stdout: '2',
        stderr: '',
        return_code: 0,
        content: [],
      },
    },
    text('Two.'),
  ],
  'a remote MCP call': [
    { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'search', server_name: 'elsewhere', input: {} },
    { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [text('x')] },
    text('Done.'),
  ],
  'a block of a type of tomorrow': [
    { type: 'hologram', points: [[0, 1]], note: 'unknown' },
    text('See.'),
  ],
  'a field of tomorrow on a text block': [{ ...text('It is blue.'), mood: { calm: true } }],
  'a long text': 'It is blue. '.repeat(20_000),
}

describe('what the assistant said reaches the API as it was sent', () => {
  test.each(Object.entries(ASSISTANT_TURNS))('%s', async (_, content) => {
    await expectAsSentTwice(bench, { body: conversation('Which colour?', content, 'Why?') })
  })

  test('all of it in one conversation', async () => {
    const turns = Object.values(ASSISTANT_TURNS).flatMap((content) => ['Which colour?', content])
    await expectAsSentTwice(bench, { body: conversation(...turns, 'Why?') })
  })

  test('with thinking on', async () => {
    const body = {
      ...conversation('Which colour?', [THOUGHT, text('It is blue.')], 'Why?'),
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    }
    await expectAsSentTwice(bench, { body })
  })
})

const RESULTS: Record<string, object> = {
  'a text': { content: '21 °C' },
  'a text with white space at its ends': { content: '\n 21 °C \n' },
  'a text block': { content: [text('21 °C')] },
  'several text blocks': { content: [text('21'), text('°C')] },
  'an image': { content: [image('image/png')] },
  'a text and images': { content: [text('Look:'), image('image/jpeg'), image('image/webp')] },
  'a document': {
    content: [
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
    ],
  },
  'a search result': {
    content: [
      {
        type: 'search_result',
        source: 'https://example.com',
        title: 'Sky',
        content: [text('The sky is blue.')],
        citations: { enabled: true },
      },
    ],
  },
  'an error': { content: 'No such place.', is_error: true },
  'an error of several blocks': { content: [text('No such'), text('place.')], is_error: true },
  'no error, said so': { content: '21 °C', is_error: false },
  'an empty text': { content: '' },
  'an empty list': { content: [] },
  'no content': {},
  'an error without content': { is_error: true },
  'white space': { content: ' \n ' },
  'JSON with characters of all kinds': { content: '{"t":"21 °C","π":"🌡️","n":"\\u0000\\r\\n"}' },
  'a text of 100 kB': { content: `${'sunny '.repeat(17_000)}end` },
  'a text of 600 kB': { content: `${'sunny '.repeat(100_000)}end` },
  'a field of tomorrow': { content: '21 °C', a_field_of_tomorrow: [1] },
}

const asked = (...calls: object[]): object => ({
  ...conversation('How warm is it?', [text('I look.'), ...calls]),
  tools: TOOLS,
})

function withTurns(body: object, ...contents: unknown[]): Record<string, unknown> {
  const { messages } = body as { messages: object[] }
  const turns = contents.map((content, index) => ({
    role: (messages.length + index) % 2 === 0 ? 'user' : 'assistant',
    content,
  }))
  return { ...body, messages: [...messages, ...turns] }
}

/** Where nothing stands after a result, the runtime's reminders do: see the limits. */
const ENDS_WITH_SPACE = ['a text with white space at its ends', 'white space']

describe('the result of a call reaches the API as it was sent, as the last message', () => {
  const results = Object.entries(RESULTS).filter(([name]) => !ENDS_WITH_SPACE.includes(name))
  test.each(results)('%s', async (_, fields) => {
    const body = withTurns(asked(call('toolu_01')), [result('toolu_01', fields)])
    await expectAsSentTwice(bench, { body })
  })
})

describe('so does a result with words after it', () => {
  test.each(Object.entries(RESULTS))('%s', async (_, fields) => {
    const body = withTurns(asked(call('toolu_01')), [result('toolu_01', fields), text('And?')])
    await expectAsSentTwice(bench, { body })
  })
})

describe('so do results in the history', () => {
  test('of all kinds', async () => {
    const turns = Object.values(RESULTS).flatMap((fields, index) => [
      [text('I look.'), call(`toolu_${index}`)],
      [result(`toolu_${index}`, fields)],
    ])
    const body = { ...conversation('How warm is it?', ...turns, 'Warm.', 'Why?'), tools: TOOLS }
    await expectAsSentTwice(bench, { body })
  })

  test('of parallel calls, in any order', async () => {
    const calls = ['a', 'b', 'c'].map((id) => call(`toolu_${id}`))
    const results = ['c', 'a', 'b'].map((id) => result(`toolu_${id}`, { content: id }))
    const body = withTurns(asked(...calls), results, 'Warm.', 'Why?')
    await expectAsSentTwice(bench, { body })
  })

  test('without any tools in the request', async () => {
    const { messages } = withTurns(asked(call('toolu_01')), [result('toolu_01')], 'Warm.', 'Why?')
    await expectAsSentTwice(bench, { body: { model: 'claude-sonnet-4-6', messages } })
  })

  test('of a tool that is not in the request', async () => {
    const turns = [[call('toolu_01', 'long_gone', {})], [result('toolu_01')], 'Warm.', 'Why?']
    await expectAsSentTwice(bench, { body: { ...conversation('Hi', ...turns), tools: TOOLS } })
  })
})

describe('several results in one message', () => {
  const ids = ['toolu_a', 'toolu_b', 'toolu_c', 'toolu_d', 'toolu_e']
  const calls = ids.map((id, index) => call(id, index % 2 === 0 ? 'get_weather' : 'get_time', {}))

  test('alone', async () => {
    const results = ids.map((id) => result(id, { content: `for ${id}` }))
    await expectAsSentTwice(bench, { body: withTurns(asked(...calls), results) })
  })

  test('in another order than the calls', async () => {
    const results = ids.toReversed().map((id) => result(id, { content: [text(`for ${id}`)] }))
    await expectAsSentTwice(bench, { body: withTurns(asked(...calls), results) })
  })

  test('with texts and images after them', async () => {
    const results = ids.map((id) => result(id))
    const content = [...results, text('These are'), image('image/png'), text('all.')]
    await expectAsSentTwice(bench, { body: withTurns(asked(...calls), content) })
  })

  test('split over neighbouring messages', async () => {
    const body = withTurns(asked(...calls))
    const messages = [
      ...(body['messages'] as object[]),
      ...ids.map((id) => ({ role: 'user', content: [result(id)] })),
      { role: 'user', content: 'And now?' },
    ]
    expectAsSent(await bench.send({ body: { ...body, messages } }))
  })

  test('for a model that gets the reminders as a message of their own', async () => {
    const results = ids.map((id) => result(id))
    const body = { ...withTurns(asked(...calls), results), model: 'claude-opus-5-5' }
    await expectAsSentTwice(bench, { body })
  })
})

describe('what a live process got as a reply, the next turn says as the client does', () => {
  test('a thought and a text', async () => {
    bench.standin.reply(message(thinkingMessage('Let me see.', 'It is blue.')))
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    const body = { ...conversation('Which colour?'), max_tokens: 4000, thinking }
    const first = await bench.send({ body })
    const second = await bench.send(nextTurn(first, 'Why?'))
    expectAsSent(second)
    expect(second.lane).toBe('continue')
  })

  test('a web search with citations', async () => {
    const reply = assistantMessage(SEARCH as Parameters<typeof assistantMessage>[0])
    bench.standin.reply(message(reply))
    const first = await bench.send({ body: conversation('Which colour?') })
    const second = await bench.send(nextTurn(first, 'Why?'))
    expectAsSent(second)
    expect(second.lane).toBe('continue')
  })

  test('a call, and then a text', async () => {
    bench.standin.reply(
      message(
        toolUseMessage([{ id: 'toolu_live', name: 'get_weather', input: { place: 'Ψαρά' } }]),
      ),
    )
    const body = { ...conversation('How warm is it?'), tools: TOOLS }
    const first = await bench.send({ body })
    const second = await bench.send(nextTurn(first, [result('toolu_live')]))
    expectAsSent(second)
    expect(second.lane).toBe('resolve')
    const third = await bench.send(nextTurn(second, 'Thanks.'))
    expectAsSent(third)
    expect(third.lane).toBe('continue')
  })

  test('parallel calls with a thought before them', async () => {
    const calls = ['a', 'b', 'c'].map((id) => ({ id: `toolu_${id}`, name: 'get_time', input: {} }))
    const { content } = toolUseMessage(calls)
    const thought = { ...THOUGHT, type: 'thinking' as const }
    bench.standin.reply(
      message(assistantMessage([thought, ...content], { stop_reason: 'tool_use' })),
    )
    const first = await bench.send({ body: { ...conversation('When?'), tools: TOOLS } })
    const results = ['a', 'b', 'c'].map((id) => result(`toolu_${id}`, { content: [text(id)] }))
    const second = await bench.send(nextTurn(first, results))
    expectAsSent(second)
    expect(second.lane).toBe('resolve')
  })
})

describe('the result of a held call reaches the API as it was sent', () => {
  const { 'white space': _, ...results } = RESULTS
  test.each(Object.entries(results))('%s', async (name, fields) => {
    const id = `toolu_held_${Object.keys(results).indexOf(name)}`
    bench.standin.reply(message(toolUseMessage([{ id, name: 'get_weather', input: {} }])))
    const first = await bench.send({ body: { ...conversation('How warm?'), tools: TOOLS } })
    const second = await bench.send(nextTurn(first, [result(id, fields)]))
    expectAsSent(second)
    expectAsSent(await bench.send(nextTurn(second, 'Thanks.')))
  })
})

function exchanges(count: number): string[] {
  return Array.from({ length: count }, (_, index) => [
    `Question ${index}?`,
    `Answer ${index}.`,
  ]).flat()
}

describe('the shape of a conversation', () => {
  test.each([2, 10, 60])('of %d turns reaches the API as it was sent', async (count) => {
    await expectAsSentTwice(bench, { body: conversation(...exchanges(count - 1), 'And now?') })
  })

  test('of turns that are all the same stays as it is', async () => {
    await expectAsSentTwice(bench, { body: conversation('a', 'a', 'a', 'a', 'a', 'a', 'a') })
  })

  test('with several messages of one side in a row counts them as one', async () => {
    const messages = [
      { role: 'user', content: 'One.' },
      { role: 'user', content: [text('Two.'), image('image/png')] },
      { role: 'assistant', content: 'Three.' },
      { role: 'assistant', content: [text('Four.')] },
      { role: 'user', content: 'Five.' },
      { role: 'user', content: 'Six.' },
      { role: 'user', content: [text('Seven.')] },
    ]
    await expectAsSentTwice(bench, { body: { model: 'claude-sonnet-4-6', messages } })
  })

  test('that begins with the assistant reaches the API so', async () => {
    const messages = [
      { role: 'assistant', content: 'Welcome.' },
      { role: 'user', content: 'Hello.' },
    ]
    expectAsSent(await bench.send({ body: { model: 'claude-sonnet-4-6', messages } }))
  })

  test('that lives for ten turns in one process stays as the client has it', async () => {
    let exchange = await bench.send({ body: { ...conversation('Turn 1'), system: 'Count.' } })
    for (let turn = 2; turn <= 10; turn += 1) {
      exchange = await bench.send(nextTurn(exchange, `Turn ${turn}`))
      expectAsSent(exchange)
      expect(exchange.lane).toBe('continue')
    }
  })

  test('that goes on from an earlier point has nothing of what was said after it', async () => {
    const first = await bench.send({ body: conversation('Let us begin.') })
    const left = await bench.send(nextTurn(first, 'Go left.'))
    await bench.send(nextTurn(left, 'And left again.'))
    const right = await bench.send(nextTurn(first, 'Go right.'))
    expectAsSent(right)
    expect(JSON.stringify(right.upstream.body)).not.toContain('Go left.')
  })

  test('that the client edited is the edited one', async () => {
    const first = await bench.send({ body: conversation('What is my name?') })
    const edited = { ...first, reply: { content: 'Your name is Ann.' } }
    expectAsSent(await bench.send(nextTurn(edited, 'Are you sure?')))
  })
})
