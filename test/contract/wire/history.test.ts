import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER, laneOf } from '../../support/carrier.ts'
import { message } from '../../support/answers.ts'
import { assistantMessage, thinkingMessage, toolUseMessage } from '../../support/messages.ts'
import type { ClientRequest } from '../../support/wire.ts'
import { type Bench, expectAsSent, expectAsSentInEachLane, nextTurn, startBench } from './bench.ts'
import { call, conversation, image, PDF, TIME_TOOL, WEATHER_TOOL } from './samples.ts'
import { expectEachAsSent, expectEachAsSentInEachLane, type Owners } from './together.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

type Content = Parameters<typeof assistantMessage>[0]

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

/** Turns of which several can be in one conversation. The last of a group is the last message. */
const ASSISTANT_TURNS: Record<string, Record<string, unknown>> = {
  'a text': {
    'a string': 'It is blue.',
    'text blocks': [text('It is'), text(' blue.')],
    'a block of white space before another': [text('\n\n'), text('It is blue.')],
    'characters of all kinds': 'Γαλάζιος 天空 👩🏽‍🚀 \r\n \u0000 \u2028 </assistant>',
    'an unknown field on a text block': [{ ...text('It is blue.'), mood: { calm: true } }],
    'a long text': 'It is blue. '.repeat(20_000),
    'a string with white space at its ends': '\n It is blue. \n\n',
  },
  'a thought': {
    'thinking with its signature': [THOUGHT, text('It is blue.')],
    'thinking that shows nothing': [{ ...THOUGHT, thinking: '' }, text('It is blue.')],
    'several thoughts': [THOUGHT, text('It'), { ...THOUGHT, signature: 'bw==' }, text('is blue.')],
    'redacted thinking': [{ type: 'redacted_thinking', data: 'ZGF0YQ==' }, text('It is blue.')],
    'thinking and redacted thinking': [
      THOUGHT,
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      text('It is blue.'),
    ],
  },
  'a tool of the API': {
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
    'a block of an unknown type': [
      { type: 'hologram', points: [[0, 1]], note: 'unknown' },
      text('See.'),
    ],
    'code execution': [
      {
        type: 'server_tool_use',
        id: 'srvtoolu_02',
        name: 'code_execution',
        input: { code: '1+1' },
      },
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
      {
        type: 'mcp_tool_use',
        id: 'mcptoolu_1',
        name: 'search',
        server_name: 'elsewhere',
        input: {},
      },
      { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [text('x')] },
      text('Done.'),
    ],
  },
}

/** A conversation with all of these turns, and a question after them. */
function withAssistantTurns(group: Record<string, unknown>): {
  body: ClientRequest['body']
  owners: Owners
} {
  const turns = Object.values(group).flatMap((content) => ['Which colour?', content])
  const messages = Object.keys(group).flatMap((name) => [name, name])
  return { body: conversation(...turns, 'Why?'), owners: { messages } }
}

describe('a message of the assistant reaches the API unchanged', () => {
  test.each(CARRIER === 'whole' ? [] : Object.entries(ASSISTANT_TURNS))('%s', async (_, group) => {
    const { body, owners } = withAssistantTurns(group)
    expectEachAsSent(await bench.send({ body }), owners)
  })

  test('all of it in one conversation', async () => {
    const all = Object.assign({}, ...Object.values(ASSISTANT_TURNS)) as Record<string, unknown>
    const { body, owners } = withAssistantTurns(all)
    await expectEachAsSentInEachLane(bench, { body }, owners, 'Why?')
  })

  test('with thinking on', async () => {
    const body = {
      ...conversation('Which colour?', [THOUGHT, text('It is blue.')], 'Why?'),
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    }
    await expectAsSentInEachLane(bench, { body })
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
  'an unknown field': { content: '21 °C', a_field_of_tomorrow: [1] },
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

/** A conversation in which each of these is the result of a call; the last one is the prompt. */
function withResults(
  cases: readonly string[],
  ...after: object[]
): { body: Record<string, unknown>; owners: { messages: string[] } } {
  const turns = cases.flatMap((name, index) => [
    [text('I look.'), call(`toolu_${index}`)],
    [result(`toolu_${index}`, RESULTS[name]), ...after],
  ])
  return {
    body: { ...conversation('How warm is it?', ...turns), tools: TOOLS },
    owners: { messages: ['', ...cases.flatMap((name) => [name, name])] },
  }
}

/**
 * Results that can go to the process that waits for them, grouped by their ends: the runtime adds
 * its reminders to the last result of a prompt, so each kind of end is last once.
 */
const SAYABLE = {
  'text blocks': ['a text block', 'several text blocks'],
  images: ['a text and images', 'an image'],
  'an error': ['an error'],
  'a text': [
    'a text of 100 kB',
    'JSON with characters of all kinds',
    'no error, said so',
    'a text',
  ],
}

/** Results that can not. The longest is last, because all later turns cost more. */
const UNSAYABLE = {
  'a document': ['a document'],
  'a search result': ['a search result'],
  'an error of several blocks': ['an error of several blocks'],
  nothing: ['an empty list', 'no content', 'an error without content', 'an empty text'],
  'a text': ['an unknown field', 'a text of 600 kB'],
}

/** If nothing follows a result, the runtime's reminders do: see limits.test.ts. */
const ENDING_WITH_SPACE = ['white space', 'a text with white space at its ends']

/** If a conversation is sent as a whole, the runtime gets none of its results: one request has all. */
function inOneIfWhole(groups: Record<string, string[]>): [name: string, cases: string[]][] {
  return CARRIER === 'whole' ? [['all', Object.values(groups).flat()]] : Object.entries(groups)
}

test('each result is in one of the groups', () => {
  const groups = [SAYABLE, UNSAYABLE].flatMap((cases) => Object.values(cases).flat())
  expect([...groups, ...ENDING_WITH_SPACE].toSorted()).toEqual(Object.keys(RESULTS).toSorted())
})

/* The results that can not are tested one by one below, as the last messages of new processes. */
describe('the result of a call reaches the API unchanged, as the last message', () => {
  test.each(inOneIfWhole(SAYABLE))('%s', async (_, cases) => {
    const { body, owners } = withResults(cases)
    await expectEachAsSentInEachLane(bench, { body }, owners, 'And now?')
  })
})

describe('a result with text after it reaches the API unchanged', () => {
  const texts = [...SAYABLE['a text'], ...UNSAYABLE['a text'], ...ENDING_WITH_SPACE]
  const errors = [...SAYABLE['an error'], ...UNSAYABLE['an error of several blocks']]
  const groups = {
    'text blocks': SAYABLE['text blocks'],
    images: SAYABLE.images,
    'a document': UNSAYABLE['a document'],
    'a search result': UNSAYABLE['a search result'],
    'an error': errors,
    nothing: UNSAYABLE.nothing,
    'a text': texts,
  }
  test.each(inOneIfWhole(groups))('%s', async (_, cases) => {
    const { body, owners } = withResults(cases, text('And?'))
    expectEachAsSent(await bench.send({ body }), owners)
  })
})

describe('results in the history reach the API unchanged', () => {
  test('of all kinds', async () => {
    const { body, owners } = withResults(Object.keys(RESULTS))
    await expectEachAsSentInEachLane(
      bench,
      { body: withTurns(body, 'Warm.', 'Why?') },
      owners,
      'Why?',
    )
  })

  test('of parallel calls, in any order, and of a tool that is not in the request', async () => {
    const calls = ['a', 'b', 'c'].map((id) => call(`toolu_${id}`))
    const results = ['c', 'a', 'b'].map((id) => result(`toolu_${id}`, { content: id }))
    const gone = [[call('toolu_01', 'long_gone', {})], [result('toolu_01')], 'Warm.', 'Why?']
    const body = withTurns(asked(...calls), results, 'Warm.', 'And there?', ...gone)
    const owners = [
      '',
      ...Array(3).fill('parallel calls'),
      '',
      ...Array(3).fill('a tool that is gone'),
    ]
    await expectEachAsSentInEachLane(bench, { body }, { messages: owners }, 'Why?')
  })

  test('without any tools in the request', async () => {
    const { messages } = withTurns(asked(call('toolu_01')), [result('toolu_01')], 'Warm.', 'Why?')
    await expectAsSentInEachLane(bench, { body: { model: 'claude-sonnet-4-6', messages } })
  })
})

describe('several results in one message', () => {
  const ids = ['toolu_a', 'toolu_b', 'toolu_c', 'toolu_d', 'toolu_e']
  const calls = ids.map((id, index) => call(id, index % 2 === 0 ? 'get_weather' : 'get_time', {}))

  test('in another order than the calls, after the same in their order', async () => {
    const before = ids.map((id) => result(id, { content: `for ${id}` }))
    // Not `${id}_2`: beside an `x`, the runtime takes `x_2` for the same call.
    const again = ids.map((id, index) =>
      call(`${id}_again`, index % 2 === 0 ? 'get_time' : 'get_weather'),
    )
    const results = ids
      .toReversed()
      .map((id) => result(`${id}_again`, { content: [text(`for ${id}`)] }))
    const body = withTurns(asked(...calls), before, again, results)
    await expectAsSentInEachLane(bench, { body })
  })

  test('with texts and images after them', async () => {
    const results = ids.map((id) => result(id))
    const content = [...results, text('These are'), image('image/png'), text('all.')]
    await expectAsSentInEachLane(bench, { body: withTurns(asked(...calls), content) })
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
    await expectAsSentInEachLane(bench, { body })
  })
})

describe('the next turn repeats the reply of a live process unchanged', () => {
  test('a thought and a text, then a web search with citations', async () => {
    bench.standin.reply(message(thinkingMessage('Let me see.', 'It is blue.')))
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    const body = { ...conversation('Which colour?'), max_tokens: 4000, thinking }
    const first = await bench.send({ body })
    bench.standin.reply(message(assistantMessage(SEARCH as Content)))
    const second = await bench.send(nextTurn(first, 'Why?'))
    expectAsSent(second)
    expect(second.lane).toBe(laneOf('continue'))
    const third = await bench.send(nextTurn(second, 'Really?'))
    expectAsSent(third)
    expect(third.lane).toBe(laneOf('continue'))
  })

  test('a call, then a text, then parallel calls with a thought before them', async () => {
    bench.standin.reply(
      message(
        toolUseMessage([{ id: 'toolu_live', name: 'get_weather', input: { place: 'Ψαρά' } }]),
      ),
    )
    const body = { ...conversation('How warm is it?'), tools: TOOLS }
    const first = await bench.send({ body })
    const second = await bench.send(nextTurn(first, [result('toolu_live')]))
    expectAsSent(second)
    expect(second.lane).toBe(laneOf('resolve'))
    const ids = ['a', 'b', 'c'].map((id) => `toolu_live_${id}`)
    const { content } = toolUseMessage(ids.map((id) => ({ id, name: 'get_time', input: {} })))
    const thought = { ...THOUGHT, type: 'thinking' as const }
    bench.standin.reply(
      message(assistantMessage([thought, ...content], { stop_reason: 'tool_use' })),
    )
    const third = await bench.send(nextTurn(second, 'Thanks. When?'))
    expectAsSent(third)
    expect(third.lane).toBe(laneOf('continue'))
    const results = ids.map((id) => result(id, { content: [text(id)] }))
    const fourth = await bench.send(nextTurn(third, results))
    expectAsSent(fourth)
    expect(fourth.lane).toBe(laneOf('resolve'))
  })
})

describe.runIf(CARRIER === 'turns')('the result of a held call reaches the API unchanged', () => {
  const sayable = Object.values({ ...SAYABLE, 'white space': ENDING_WITH_SPACE.slice(1) })
  const unsayable = Object.values(UNSAYABLE).flatMap((cases) => cases.map((name) => [name]))

  test.each([
    ['in the worker that waits for it', 'resolve', sayable],
    // One result that MCP can not carry is enough, so each is alone in its message.
    ['in a rewound one, if MCP can not carry it', 'rewind', unsayable],
  ])('%s', async (_, lane, groups) => {
    let request: ClientRequest = { body: { ...conversation('How warm?'), tools: TOOLS } }
    for (const [index, cases] of groups.entries()) {
      const names = cases.join(', ')
      const ids = cases.map((_name, place) => `toolu_${lane}_${index}_${place}`)
      const calls = ids.map((id) => ({ id, name: 'get_weather', input: {} }))
      bench.standin.reply(message(toolUseMessage(calls)))
      const held = await bench.send(request)
      expectAsSent(held)
      if (index > 0) expect.soft(held.lane, `thanks before ${names}`).toBe('continue')
      const results = cases.map((name, place) => result(ids[place] ?? '', RESULTS[name]))
      const told = await bench.send(nextTurn(held, results))
      expectAsSent(told)
      // Before the first message there is nothing to keep.
      expect.soft(told.lane, names).toBe(lane === 'rewind' && index === 0 ? 'open' : lane)
      request = nextTurn(told, 'Thanks.')
    }
    expectAsSent(await bench.send(request))
  })
})

function exchanges(count: number): string[] {
  return Array.from({ length: count }, (_, index) => [
    `Question ${index}?`,
    `Answer ${index}.`,
  ]).flat()
}

describe('the shape of a conversation', () => {
  test('of 60 turns reaches the API unchanged', async () => {
    await expectAsSentInEachLane(bench, { body: conversation(...exchanges(59), 'And now?') })
  })

  test('of equal turns stays unchanged', async () => {
    await expectAsSentInEachLane(bench, { body: conversation('a', 'a', 'a', 'a', 'a', 'a', 'a') })
  })

  test('with several messages of one role in a row has them joined', async () => {
    const messages = [
      { role: 'user', content: 'One.' },
      { role: 'user', content: [text('Two.'), image('image/png')] },
      { role: 'assistant', content: 'Three.' },
      { role: 'assistant', content: [text('Four.')] },
      { role: 'user', content: 'Five.' },
      { role: 'user', content: 'Six.' },
      { role: 'user', content: [text('Seven.')] },
    ]
    await expectAsSentInEachLane(bench, { body: { model: 'claude-sonnet-4-6', messages } })
  })

  test('that begins with the assistant reaches the API that way', async () => {
    const messages = [
      { role: 'assistant', content: 'Welcome.' },
      { role: 'user', content: 'Hello.' },
    ]
    expectAsSent(await bench.send({ body: { model: 'claude-sonnet-4-6', messages } }))
  })

  test("that the client edits, or continues from an earlier point, is the client's", async () => {
    const first = await bench.send({ body: conversation('Let us begin.') })
    const edited = { ...first, reply: { content: 'Your name is Ann.' } }
    expectAsSent(await bench.send(nextTurn(edited, 'Are you sure?')))

    const left = await bench.send(nextTurn(first, 'Go left.'))
    expectAsSent(left)
    await bench.send(nextTurn(left, 'And left again.'))
    const right = await bench.send(nextTurn(first, 'Go right.'))
    expectAsSent(right)
    expect(right.lane).toBe(laneOf('rewind'))
    expect(JSON.stringify(right.upstream.body)).not.toContain('Go left.')
  })
})
