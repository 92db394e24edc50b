import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import type { ClientRequest } from '../../support/wire.ts'
import {
  type Bench,
  type Exchange,
  expectAsSent,
  expectAsSentInEachLane,
  nextTurn,
  startBench,
} from './bench.ts'
import { asking, call, conversation, PDF, TIME_TOOL, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  // Nearly every case needs another process than the one before: processes started ahead would fit
  // none.
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

const result = (id: string, content: unknown, marker: object = {}): object => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
  ...marker,
})

/** All placements of the client's breakpoints; those on messages and tools must all arrive. */
const PLACEMENTS: Record<string, object> = {
  'on the first block of several': asking([text('One', SHORT), text('Two')]),
  'on a document, an image by URL and a text': asking([
    {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: PDF },
      ...SHORT,
    },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, ...SHORT },
    text('What is this?', FIVE_MINUTES),
    text('And that?'),
  ]),
  'on a turn of the assistant': marked(5, [3, SHORT]),
  'on four turns': marked(9, [2, SHORT], [4, SHORT], [6, SHORT], [8, SHORT]),
  'on four turns, none of them the last': marked(9, [1, SHORT], [2, SHORT], [3, SHORT], [4, SHORT]),
  'on a result and inside one': {
    ...conversation(
      'How warm?',
      [call('toolu_01')],
      [result('toolu_01', '21', SHORT), text('And now?')],
      [call('toolu_02')],
      [result('toolu_02', [text('22', SHORT)]), text('And now?')],
    ),
    tools: [WEATHER_TOOL],
  },
  'on the last tool and on two blocks of the system prompt': {
    ...asking('Hello'),
    tools: [TIME_TOOL, tool(SHORT)],
    system: [text('Be brief.', SHORT), text('Be kind.', SHORT)],
  },
  'on two tools, one of them a server tool': {
    ...asking('Hello'),
    tools: [tool(SHORT), { type: 'web_search_20250305', name: 'web_search', ...SHORT }],
  },
  'on tools, system prompt and messages': {
    ...marked(3, [0, SHORT], [2, SHORT]),
    tools: [tool(SHORT)],
    system: [text('Be brief.', SHORT)],
  },
  'on tools, system prompt and messages, for an hour': {
    ...marked(3, [0, HOUR], [2, HOUR]),
    tools: [TIME_TOOL, tool(HOUR)],
    system: [text('Be brief.', HOUR)],
  },
  'on tools and messages for an hour, then for less': {
    ...marked(5, [0, HOUR], [2, SHORT], [4, FIVE_MINUTES]),
    tools: [tool(HOUR)],
  },
  'on the last block, for an hour': asking([text('Hello', HOUR)]),
  'on the whole request': { ...asking('Hello'), ...SHORT },
  'on the whole request and on a turn, for an hour': { ...marked(3, [0, HOUR]), ...HOUR },
  'on the whole request and on three turns': {
    ...marked(7, [0, SHORT], [2, SHORT], [4, SHORT]),
    ...SHORT,
  },
  'null, which counts as none': {
    ...asking([{ ...text('Hello'), cache_control: null }]),
    tools: [tool({ cache_control: null })],
  },
}

describe('cache breakpoints reach the API, and never more than it allows', () => {
  test.each(Object.entries(PLACEMENTS))('%s', async (_, body) => {
    await expectTwoTurnsAsSent({ ...body }, (first) => nextTurn(first, 'And now?'))
  })

  test('that move to the last block with each turn', async () => {
    const body = { ...asking([text('One', SHORT)]), system: [text('Rules.', SHORT)] }
    await expectTwoTurnsAsSent(body, (first) => movedOn(first, [text('Two', FIVE_MINUTES)]))
  })

  test('if one moves and one stays on the first turn', async () => {
    const body = marked(5, [0, SHORT], [4, SHORT])
    await expectTwoTurnsAsSent({ ...body }, (first) => movedOn(first, [text('Turn 6', SHORT)]))
  })

  test('that move away from a result', async () => {
    const messages = conversation(
      'How warm?',
      [call('toolu_01')],
      [result('toolu_01', '21', SHORT)],
    )
    const body = { ...messages, tools: [WEATHER_TOOL] }
    await expectTwoTurnsAsSent(body, (first) => movedOn(first, 'And now?'))
  })
})

/** A conversation that is sent as a whole takes the same lane with each turn: it is sent once. */
async function expectTwoTurnsAsSent(
  body: Record<string, unknown>,
  next: (first: Exchange) => ClientRequest,
): Promise<void> {
  const first = await bench.send({ body })
  expectAsSent(first)
  if (CARRIER === 'whole') return
  const second = await bench.send(next(first))
  expectAsSent(second)
  expect.soft(second.lane).toBe('continue')
}

/** The next turn of a client that removes its breakpoint from the previous last block. */
function movedOn(first: Exchange, prompt: unknown): ClientRequest {
  const body = structuredClone(first.request.body) as {
    messages: { content: { cache_control?: object }[] }[]
  }
  delete body.messages.at(-1)?.content.at(-1)?.cache_control
  return nextTurn({ ...first, request: { body } }, prompt)
}

/** The prompt's breakpoint upstream. */
async function sentFor(marker: object): Promise<object | undefined> {
  const body = { ...asking('Hello'), system: [text('Be brief.', marker)] }
  const exchange = await bench.send({ body })
  expectAsSent(exchange)
  const { upstream } = exchange
  const blocks = upstream.body.system as { text: string; cache_control?: object }[]
  return blocks.find((block) => block.text === 'Be brief.')?.cache_control
}

describe('a breakpoint on the system prompt', () => {
  test('reaches the API, which caches it', async () => {
    expect(await sentFor(SHORT)).toEqual({ type: 'ephemeral' })
  })

  // A limit of conversations that are put in turn by turn: `system` has no breakpoint then.
  test('of an hour is kept if the conversation is sent as a whole', async () => {
    expect(await sentFor(HOUR)).toEqual(CARRIER === 'whole' ? HOUR.cache_control : undefined)
  })
})

test('a request without breakpoints, after one with four of an hour, gets none of an hour', async () => {
  const four = marked(9, [2, HOUR], [4, HOUR], [6, HOUR], [8, HOUR])
  await bench.send({ body: { ...four } })
  const { upstream } = await expectAsSentInEachLane(bench, { body: asking('Hello') })
  expect(JSON.stringify(upstream.body)).not.toContain('"1h"')
})
