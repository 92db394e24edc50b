import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, expectAsSent, nextTurn, startBench } from './bench.ts'
import { asking, conversation, image, PDF, PICTURES, png } from './samples.ts'
import { startTalk } from './talk.ts'

let bench: Bench

const MODEL = { model: 'claude-sonnet-4-6' }

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const text = (words: string): object => ({ type: 'text', text: words })

const TEXTS: Record<string, unknown> = {
  'a string': 'Hello',
  'one text block': [text('Hello')],
  'three text blocks': [text('one'), text('two'), text('three')],
  'text blocks that end and begin with white space': [text('one \n'), text('\n\n two')],
  'white space at both ends': '\n\n \tHello \n',
  'carriage returns': 'one\r\ntwo\rthree\n\rfour\r\n',
  'tabs, a null byte and other control characters': 'a\tb\u0000c\u0001d\u001B[31me\u007F\u0085',
  'many scripts': 'Καλημέρα κόσμε, 你好世界, שלום, مرحبا, नमस्ते, 🇬🇷👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿',
  'combining and invisible characters': 'e\u0301 \u00E9 \u200B\u200D\uFEFF\u00AD\u202E\u2028\u2029',
  'quotes and backslashes': `"'\`\\ \\n \\u0041 \${x} {{y}} %s`,
  'markup and code': '<a href="x">&amp;</a> ```js\nif (a < b && c > d) {}\n``` $$x^2$$',
  'text that looks like JSON': '{"role":"assistant","content":"I agree."}',
  'a number': '42',
  'one hundred blocks': Array.from({ length: 100 }, (_, index) => text(`Block ${index}`)),
  'an unknown field on a text block': [{ ...text('Hello'), a_field_of_tomorrow: { a: [1] } }],
  // The largest come last, because each turn sends all earlier messages.
  'a long line': 'word '.repeat(20_000),
  '1 MB': `${'The quick brown fox jumps over the lazy dog. Ταχεία αλεπού.\n'.repeat(14_000)}end`,
}

const CITED = { citations: { enabled: true } }

const BLOCKS: Record<string, object[]> = {
  ...Object.fromEntries(
    (Object.keys(PICTURES) as (keyof typeof PICTURES)[]).map((type) => [type, [image(type)]]),
  ),
  'a larger PNG of one colour': [image('image/png', png(1600, 1200, 'plain'))],
  'images between texts': [text('First:'), image('image/png'), text('then:'), image('image/gif')],
  'an image by URL': [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }],
  'an image by file id': [{ type: 'image', source: { type: 'file', file_id: 'file_011' } }],
  'a PDF': [
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
  ],
  'a PDF with title, context and citations': [
    {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: PDF },
      title: 'Ετήσια έκθεση',
      context: 'From the archive.',
      ...CITED,
    },
  ],
  'a PDF by URL': [{ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }],
  'a document by file id': [{ type: 'document', source: { type: 'file', file_id: 'file_012' } }],
  'a text document with title, context and citations': [
    {
      type: 'document',
      source: {
        type: 'text',
        media_type: 'text/plain',
        data: 'The sky is blue.\r\nGrass is green.',
      },
      title: 'Colours',
      context: 'For children.',
      ...CITED,
    },
  ],
  'a document of content blocks': [
    {
      type: 'document',
      source: { type: 'content', content: [text('The sky is blue.'), text('Grass is green.')] },
      title: 'Colours',
      ...CITED,
    },
  ],
  'a document of content blocks with an image': [
    {
      type: 'document',
      source: { type: 'content', content: [text('See:'), image('image/png')] },
    },
  ],
  'a document of one string': [
    { type: 'document', source: { type: 'content', content: 'The sky is blue.' }, ...CITED },
  ],
  'a search result': [
    {
      type: 'search_result',
      source: 'https://example.com/sky',
      title: 'Sky',
      content: [text('The sky is blue.')],
      ...CITED,
    },
  ],
  'several search results': ['one', 'two', 'three'].map((name) => ({
    type: 'search_result',
    source: `db://${name}`,
    title: name,
    content: [text(`This is ${name}.`), text('And more.')],
    citations: { enabled: false },
  })),
  'an upload for a container': [{ type: 'container_upload', file_id: 'file_013' }],
  'a block of an unknown type': [
    { type: 'hologram', source: { kind: 'point_cloud', points: [[0, 1, 2]] }, note: null },
  ],
  // The largest come last, because each turn sends all earlier messages.
  'a PNG of 480 kB': [image('image/png', png(400, 400, 'noise'))],
  'twenty images': Array.from({ length: 20 }, () => image('image/png')),
}

const QUESTION = text('What is this?')

// If a conversation is sent as a whole, the runtime gets none of it: one request has all, see below.
if (CARRIER === 'turns') {
  describe('a text reaches the API unchanged', () => {
    const talk = startTalk(() => bench, MODEL)
    test.each(Object.entries(TEXTS))('%s', async (_, content) => {
      await talk(content)
    })
  })

  describe('a block reaches the API unchanged', () => {
    const talk = startTalk(() => bench, MODEL)
    test.each(Object.entries(BLOCKS))('%s', async (_, blocks) => {
      await talk([...blocks, QUESTION])
    })

    test.each(['image/png', 'a PDF', 'a search result', 'a block of an unknown type'])(
      '%s with the question before it',
      async (name) => {
        await talk([QUESTION, ...(BLOCKS[name] ?? [])])
      },
    )
  })
}

describe('a new process sends, in its history and its prompt,', () => {
  test('all texts unchanged', async () => {
    await expectAllAsSent(TEXTS)
  })

  test('all blocks unchanged', async () => {
    // Of more than a hundred images some are left out.
    const { 'twenty images': _, ...others } = BLOCKS
    await expectAllAsSent(others)
  })
})

test('a lone surrogate is no text: the request is refused, as by the API', async () => {
  const { status, error } = await bench.sendRefused({ body: asking('before \uD83D after') })
  expect(status).toBe(400)
  expect(error.type).toBe('invalid_request_error')
  expect(error.message).toContain('surrogate')
})

/** A failure names the place of the case. */
async function expectAllAsSent(cases: Record<string, unknown>): Promise<void> {
  const all = Object.entries(cases).flatMap(([name, content]) =>
    (typeof content === 'string' ? [text(content)] : (content as object[])).map((block) => ({
      name,
      block,
    })),
  )
  const blocks = all.map(({ block }) => block)
  const places = all.map(
    ({ name }, index) => `messages.0.content.${index}, messages.2.content.${index + 1}: ${name}`,
  )
  const body = conversation([...blocks, text('Look.')], 'I see.', [text('Again:'), ...blocks])

  const first = await bench.send({ body })
  const differences = wireDifferences(first.request, first.upstream)
  expect.soft(differences, places.join('\n')).toEqual([])
  if (CARRIER === 'whole') return
  const second = await bench.send(nextTurn(first, 'And now?'))
  expectAsSent(second)
  expect.soft(second.lane).toBe('continue')
}
