import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, startBench } from './bench.ts'
import { asking, call, conversation, image, png, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  // Nearly every case needs another process than the one before: processes started ahead would fit
  // none.
  bench = await startBench()
})

afterAll(() => bench.close())

const SHORT = { cache_control: { type: 'ephemeral' } }

const text = (words: string): object => ({ type: 'text', text: words })

const result = (id: string, content: unknown): object => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
})

const document = {
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data: 'The sky is blue.' },
  citations: { enabled: true },
}

const citing = (citation: object): object => ({
  ...text('Blue.'),
  citations: [{ cited_text: 'blue', ...citation }],
})

type Limits = {
  body: Record<string, unknown>
  betas?: string[]
  /** The differences upstream that a limit causes, with their paths. */
  differs: Record<string, readonly string[]>
}

const CALLER = { type: 'code_execution_20250825', tool_id: 'srvtoolu_01' }

const CITED_TEXT = {
  type: 'char_location',
  document_index: 0,
  document_title: null,
  start_char_index: 11,
  end_char_index: 15,
}

const CITED_SEARCH_RESULT = {
  type: 'search_result_location',
  search_result_index: 0,
  source: 'https://example.com',
  title: 'Sky',
  start_block_index: 0,
  end_block_index: 1,
}

/**
 * Changes by the runtime for which no setting was found that prevents them. Limits that do not
 * influence each other share a request.
 */
const LIMITS: Record<string, Limits> = {
  images: {
    body: asking([
      image('image/png', png(450, 450, 'noise')),
      { ...image('image/png'), ...SHORT },
      text('What is this?'),
      image('image/png', png(2100, 20, 'plain')),
    ]),
    differs: {
      'beyond 500 kB they become JPEG': [
        'messages.0.content.0.source.media_type',
        'messages.0.content.0.source.data',
      ],
      'those by their data have nothing but their source': ['messages.0.content.1.cache_control'],
      'beyond 2000 pixels they become smaller, and a text says so': [
        'messages.0.content.3.source.data',
        'messages.0.content.4',
      ],
    },
  },
  'more than a hundred images': {
    body: asking([text('Look.'), ...Array.from({ length: 101 }, () => image('image/png'))]),
    differs: {
      'the oldest are left out': Array.from(
        { length: 21 },
        (_, index) => `messages.0.content.${81 + index}`,
      ),
    },
  },
  'a text of white space beside others of the user': {
    body: asking([text('one'), text(' \n'), image('image/png')]),
    differs: {
      'is left out': [
        'messages.0.content.1.type',
        'messages.0.content.1.text',
        'messages.0.content.1.source',
        'messages.0.content.2',
      ],
    },
  },
  'calls, citations and results': {
    body: {
      ...conversation(
        [document, text('Which colour?')],
        [citing(CITED_TEXT)],
        'Why?',
        [citing(CITED_SEARCH_RESULT)],
        'How warm?',
        [{ ...call('toolu_01'), ...SHORT, a_field_of_tomorrow: 1 }],
        [result('toolu_01', '21'), text('And there?')],
        [
          { type: 'server_tool_use', id: 'srvtoolu_01', name: 'code_execution', input: {} },
          { ...call('toolu_02'), caller: CALLER },
        ],
        [result('toolu_02', '22'), text('And here?')],
        [call('toolu_03')],
        [
          result('toolu_03', [{ type: 'tool_reference', tool_name: 'get_weather' }]),
          text('And now?'),
        ],
        [call('toolu_04')],
        [result('toolu_04', '\n 24 \n')],
        [{ ...call('toolu_05'), name: 'screenshot', input: {}, toolset_name: 'computer' }],
        [{ ...result('toolu_05', 'A window.'), toolset_name: 'computer' }],
      ),
      tools: [WEATHER_TOOL],
    },
    differs: {
      'what the assistant cited of a text is left out': ['messages.1.content.0.citations.0'],
      'what it cited of a search result as well': ['messages.3.content.0.citations.0'],
      'a call has nothing but id, name and input': [
        'messages.5.content.0.a_field_of_tomorrow',
        'messages.5.content.0.cache_control',
      ],
      'a call out of a server tool does not say that it is one': ['messages.7.content.1.caller'],
      'a reference to a tool becomes a text': [
        'messages.10.content.0.content.0.type',
        'messages.10.content.0.content.0.tool_name',
        'messages.10.content.0.content.0.text',
      ],
      'a call does not say of which set of tools it is': ['messages.13.content.0.toolset_name'],
    },
  },
  'calls whose ids are those of others with an underscore and a number behind': {
    body: {
      ...conversation(
        'How warm?',
        [call('toolu'), call('toolu_2')],
        [result('toolu', '21'), result('toolu_2', '22')],
      ),
      tools: [WEATHER_TOOL],
    },
    differs: {
      'are taken for the same call, and a result is lost': [
        'messages.2.content.0.tool_use_id',
        'messages.2.content.0.content.0.text',
        'messages.2.content.0.is_error',
        'messages.2.content.1.tool_use_id',
        'messages.2.content.1.content.0.text',
      ],
    },
  },
  'a turn of the assistant that is "(no content)"': {
    body: conversation('Hello', '(no content)', 'Hello?'),
    differs: {
      'is left out': [
        'messages (roles).1',
        'messages (roles).2',
        'messages.0.content.0.text',
        'messages.0.content.1',
        'messages.1.content.0',
        'messages.2.content.0',
      ],
    },
  },
  'effort for a model that has none': {
    body: { ...asking('Hello'), model: 'claude-haiku-4-5', output_config: { effort: 'low' } },
    differs: { 'is left out': ['output_config'] },
  },
  'betas with which the runtime offers tools of its own': {
    body: asking('Hello'),
    betas: ['mid-conversation-tool-changes-2026-07-01', 'inline-tools-2026-09-15'],
    differs: { 'are left out': ['anthropic-beta', 'anthropic-beta'] },
  },
}

/** The limits of a conversation that is sent as a whole. */
const NOT_EVEN_WHOLE = ['effort for a model that has none']

describe('the runtime changes', () => {
  test.each(Object.entries(LIMITS))('%s', async (name, { body, betas, differs }) => {
    const { request, upstream } = await bench.send({ body, ...(betas && { betas }) })
    const lines = wireDifferences(request, upstream)
    const limits = Object.entries(differs).flatMap(([limit, paths]) =>
      paths.map((path) => ({ path, limit })),
    )
    const limitOf = new Map(limits.map(({ path, limit }) => [path, limit]))
    const found = lines.map((line) => {
      const path = line.split(':', 1)[0] ?? ''
      return { path, limit: limitOf.get(path) ?? 'none that is known' }
    })
    const isExact = CARRIER === 'whole' && !NOT_EVEN_WHOLE.includes(name)
    expect(found, lines.join('\n')).toEqual(isExact ? [] : limits)
  })
})

/* Limits with every login, which the comparison above ignores. */
describe('with every login', () => {
  test('text blocks of the system prompt arrive as one, with a blank line between them', async () => {
    const system = [{ ...text('Be brief.'), ...SHORT }, text('Be kind.')]
    const { upstream } = await bench.send({ body: { ...asking('Hello'), system } })
    const arrived = upstream.body.system as { text: string }[]
    expect(arrived.map((block) => block.text).slice(-2)).toEqual([
      expect.stringMatching(/Agent SDK\.$/),
      'Be brief.\n\nBe kind.',
    ])
  })

  test("the API version is the runtime's, whatever version the client asks for", async () => {
    const headers = { 'anthropic-version': '2026-10-21' }
    const { upstream } = await bench.send({ body: asking('Hello'), headers })
    expect(upstream.headers['anthropic-version']).toBe('2023-06-01')
  })

  test('a thread is refused without a request to the API', async () => {
    const body = { ...asking('Hello'), thread: { id: 'thread_01' } }
    expect(await bench.sendRefused({ body })).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', message: expect.stringMatching(/^thread: /) },
    })
  })
})
