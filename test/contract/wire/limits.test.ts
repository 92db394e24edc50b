import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { wireDifferences } from '../../support/wire.ts'
import { type Bench, startBench } from './bench.ts'
import { asking, call, conversation, image, png, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const SHORT = { cache_control: { type: 'ephemeral' } }

const text = (words: string): object => ({ type: 'text', text: words })

const answered = (use: object, result: object, ...after: object[]): Record<string, unknown> => ({
  ...conversation('How warm?', [use], [{ tool_use_id: 'toolu_01', ...result }, ...after]),
  tools: [WEATHER_TOOL],
})

const citing = (citation: object): Record<string, unknown> => {
  const source = { type: 'text', media_type: 'text/plain', data: 'The sky is blue.' }
  const document = { type: 'document', source, citations: { enabled: true } }
  const cited = { ...text('Blue.'), citations: [{ cited_text: 'blue', ...citation }] }
  return conversation([document, text('Which colour?')], [cited], 'Why?')
}

type Limit = { body: Record<string, unknown>; differs: string[] }

/** Where the runtime changes what it is given, and no setting of it was found that leaves it alone. */
const LIMITS: Record<string, Limit> = {
  'an image beyond 500 kB becomes a JPEG': {
    body: asking([image('image/png', png(450, 450, 'noise')), text('What is this?')]),
    differs: ['messages.0.content.0.source.media_type', 'messages.0.content.0.source.data'],
  },
  'an image beyond 2000 pixels becomes smaller, and a text says so': {
    body: asking([text('What is this?'), image('image/png', png(2100, 20, 'plain'))]),
    differs: ['messages.0.content.1.source.data', 'messages.0.content.2'],
  },
  'of more than a hundred images the oldest are left out': {
    body: asking([text('Look.'), ...Array.from({ length: 101 }, () => image('image/png'))]),
    differs: Array.from({ length: 21 }, (_, index) => `messages.0.content.${81 + index}`),
  },
  'an image by its data has nothing but its source': {
    body: asking([{ ...image('image/png'), ...SHORT }, text('What is this?')]),
    differs: ['messages.0.content.0.cache_control'],
  },
  'a call has nothing but id, name and input': {
    body: answered(
      { ...call('toolu_01'), ...SHORT, a_field_of_tomorrow: 1 },
      { type: 'tool_result', content: '21' },
      text('And?'),
    ),
    differs: ['messages.1.content.0.a_field_of_tomorrow', 'messages.1.content.0.cache_control'],
  },
  'a text of white space beside others of the user is left out': {
    body: asking([text('one'), text(' \n'), image('image/png')]),
    differs: [
      'messages.0.content.1.type',
      'messages.0.content.1.text',
      'messages.0.content.1.source',
      'messages.0.content.2',
    ],
  },
  'a result that nothing follows loses white space at its ends': {
    body: answered(call('toolu_01'), { type: 'tool_result', content: '\n 21 \n' }),
    differs: ['messages.2.content.0.content.0.text'],
  },
  'a reference to a tool becomes a text': {
    body: answered(
      call('toolu_01'),
      { type: 'tool_result', content: [{ type: 'tool_reference', tool_name: 'get_weather' }] },
      text('And?'),
    ),
    differs: [
      'messages.2.content.0.content.0.type',
      'messages.2.content.0.content.0.tool_name',
      'messages.2.content.0.content.0.text',
    ],
  },
  'what the assistant cited of a text is left out': {
    body: citing({
      type: 'char_location',
      document_index: 0,
      document_title: null,
      start_char_index: 11,
      end_char_index: 15,
    }),
    differs: ['messages.1.content.0.citations.0'],
  },
  'what it cited of a search result as well': {
    body: citing({
      type: 'search_result_location',
      search_result_index: 0,
      source: 'https://example.com',
      title: 'Sky',
      start_block_index: 0,
      end_block_index: 1,
    }),
    differs: ['messages.1.content.0.citations.0'],
  },
  'a call out of a server tool does not say that it is one': {
    body: {
      ...conversation(
        'How warm?',
        [
          { type: 'server_tool_use', id: 'srvtoolu_01', name: 'code_execution', input: {} },
          {
            ...call('toolu_01'),
            caller: { type: 'code_execution_20250825', tool_id: 'srvtoolu_01' },
          },
        ],
        [{ type: 'tool_result', tool_use_id: 'toolu_01', content: '21' }],
      ),
      tools: [WEATHER_TOOL],
    },
    differs: ['messages.1.content.1.caller'],
  },
  'a turn of the assistant that is "(no content)" is left out': {
    body: conversation('Hello', '(no content)', 'Hello?'),
    differs: [
      'messages (roles).1',
      'messages (roles).2',
      'messages.0.content.0.text',
      'messages.0.content.1',
      'messages.1.content.0',
      'messages.2.content.0',
    ],
  },
  'effort is left out for a model that has none': {
    body: { ...asking('Hello'), model: 'claude-haiku-4-5', output_config: { effort: 'low' } },
    differs: ['output_config'],
  },
}

describe('what the runtime does not leave as it was sent', () => {
  test.each(Object.entries(LIMITS))('%s', async (_, { body, differs }) => {
    const { request, upstream } = await bench.send({ body })
    const lines = wireDifferences(request, upstream)
    expect(
      lines.map((line) => line.split(':', 1)[0]),
      lines.join('\n'),
    ).toEqual(differs)
  })
})
