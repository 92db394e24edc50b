import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  type Bench,
  type Exchange,
  expectAsSent,
  expectAsSentTwice,
  nextTurn,
  startBench,
} from './bench.ts'
import { asking, call, conversation, PDF, TIME_TOOL, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const SHORT = { cache_control: { type: 'ephemeral' } }
const FIVE_MINUTES = { cache_control: { type: 'ephemeral', ttl: '5m' } }
const HOUR = { cache_control: { type: 'ephemeral', ttl: '1h' } }

const text = (words: string, marker: object = {}): object => ({
  type: 'text',
  text: words,
  ...marker,
})

const tool = (marker: object): object => ({ ...WEATHER_TOOL, ...marker })

/** Messages with a marker on each of these turns, counted from the first. */
function marked(turns: number, ...places: [turn: number, marker: object][]): object {
  const markers = new Map(places)
  const contents = Array.from({ length: turns }, (_, index) => [
    text(`Turn ${index}`, markers.get(index)),
  ])
  return conversation(...contents)
}

/** Every way of placing the client's breakpoints; what is on messages and tools must all arrive. */
const PLACEMENTS: Record<string, object> = {
  'on the last block': asking([text('Hello', SHORT)]),
  'on the last block, for five minutes said so': asking([text('Hello', FIVE_MINUTES)]),
  'on the last block, for an hour': asking([text('Hello', HOUR)]),
  'on the first block of several': asking([text('One', SHORT), text('Two')]),
  'on a document': asking([
    {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: PDF },
      ...SHORT,
    },
    text('What is this?'),
  ]),
  'on an image by URL': asking([
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, ...SHORT },
    text('What is this?'),
  ]),
  'on the first turn': marked(5, [0, SHORT]),
  'on a turn of the assistant': marked(5, [3, SHORT]),
  'on two turns': marked(5, [0, SHORT], [4, SHORT]),
  'on three turns': marked(7, [2, SHORT], [4, SHORT], [6, SHORT]),
  'on four turns': marked(9, [2, SHORT], [4, SHORT], [6, SHORT], [8, SHORT]),
  'on four turns, none of them the last': marked(9, [1, SHORT], [2, SHORT], [3, SHORT], [4, SHORT]),
  'on two turns, for an hour': marked(5, [0, HOUR], [2, HOUR]),
  'for an hour first, then for less': marked(5, [0, HOUR], [2, SHORT], [4, FIVE_MINUTES]),
  'on a result': {
    ...conversation(
      'How warm?',
      [call('toolu_01')],
      [{ type: 'tool_result', tool_use_id: 'toolu_01', content: '21', ...SHORT }, text('And?')],
    ),
    tools: [WEATHER_TOOL],
  },
  'on a result that comes alone': {
    ...conversation(
      'How warm?',
      [call('toolu_01')],
      [{ type: 'tool_result', tool_use_id: 'toolu_01', content: '21', ...SHORT }],
    ),
    tools: [WEATHER_TOOL],
  },
  'inside a result': {
    ...conversation(
      'How warm?',
      [call('toolu_01')],
      [
        { type: 'tool_result', tool_use_id: 'toolu_01', content: [text('21', SHORT)] },
        text('And?'),
      ],
    ),
    tools: [WEATHER_TOOL],
  },
  'on the last tool': { ...asking('Hello'), tools: [TIME_TOOL, tool(SHORT)] },
  'on the last tool, for an hour': { ...asking('Hello'), tools: [TIME_TOOL, tool(HOUR)] },
  'on two tools': { ...asking('Hello'), tools: [tool(SHORT), { ...TIME_TOOL, ...SHORT }] },
  'on a server tool': {
    ...asking('Hello'),
    tools: [{ type: 'web_search_20250305', name: 'web_search', ...SHORT }],
  },
  'on the system prompt': { ...asking('Hello'), system: [text('Be brief.', SHORT)] },
  'on the system prompt, for an hour': { ...asking('Hello'), system: [text('Be brief.', HOUR)] },
  'on two blocks of the system prompt': {
    ...asking('Hello'),
    system: [text('Be brief.', SHORT), text('Be kind.', SHORT)],
  },
  'on tools, system prompt and messages': {
    ...marked(3, [0, SHORT], [2, SHORT]),
    tools: [tool(SHORT)],
    system: [text('Be brief.', SHORT)],
  },
  'on tools, system prompt and messages, for an hour': {
    ...marked(3, [0, HOUR], [2, HOUR]),
    tools: [tool(HOUR)],
    system: [text('Be brief.', HOUR)],
  },
  'on tools for an hour, on messages for less': {
    ...marked(3, [0, SHORT], [2, SHORT]),
    tools: [tool(HOUR)],
  },
  'on the whole request': { ...asking('Hello'), ...SHORT },
  'on the whole request, for an hour': { ...asking('Hello'), ...HOUR },
  'on the whole request and on three turns': {
    ...marked(7, [0, SHORT], [2, SHORT], [4, SHORT]),
    ...SHORT,
  },
  'null, which is none': {
    ...asking([{ ...text('Hello'), cache_control: null }]),
    tools: [tool({ cache_control: null })],
  },
}

describe('cache breakpoints reach the API, and never more than it allows', () => {
  test.each(Object.entries(PLACEMENTS))('%s', async (_, body) => {
    const first = await bench.send({ body: { ...body } })
    expectAsSent(first)
    expectAsSent(await bench.send(nextTurn(first, 'And now?')))
  })

  test('that move to the last block with each turn', async () => {
    const last = (words: string): object[] => [text(words, SHORT)]
    const plain = (exchange: Exchange, words: string): Exchange => ({
      ...exchange,
      request: {
        body: { ...exchange.request.body, messages: [{ role: 'user', content: [text(words)] }] },
      },
    })
    const first = await bench.send({
      body: { ...asking(last('One')), system: [text('Rules.', SHORT)] },
    })
    expectAsSent(first)
    const second = await bench.send(nextTurn(plain(first, 'One'), last('Two')))
    expectAsSent(second)
    expect(second.lane).toBe('continue')
  })
})

/** What the prompt is marked with upstream. */
async function sentFor(marker: object): Promise<object | undefined> {
  const body = { ...asking('Hello'), system: [text('Be brief.', marker)] }
  const { upstream } = await bench.send({ body })
  const blocks = upstream.body.system as { text: string; cache_control?: object }[]
  return blocks.find((block) => block.text === 'Be brief.')?.cache_control
}

describe('a breakpoint on the system prompt', () => {
  test('makes the API cache it', async () => {
    expect(await sentFor(SHORT)).toEqual({ type: 'ephemeral' })
  })

  // A limit: the runtime takes the prompt as a text, and sets no breakpoints of an hour.
  test('is lost where it is for an hour', async () => {
    expect(await sentFor(HOUR)).toBeUndefined()
  })
})

test('a request without breakpoints, after one with four of an hour, gets none of an hour', async () => {
  const four = marked(9, [2, HOUR], [4, HOUR], [6, HOUR], [8, HOUR])
  await bench.send({ body: { ...four } })
  const { upstream } = await expectAsSentTwice(bench, { body: asking('Hello') })
  expect(JSON.stringify(upstream.body)).not.toContain('1h')
})
