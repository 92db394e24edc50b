import { APIUserAbortError } from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import type { ContentBlockParam, MessageParam } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { events, hang, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import {
  assistantMessage,
  textBlock,
  textMessage,
  thinkingMessage,
} from '../../support/messages.ts'
import { signedEvents, signedMessage } from '../../support/signing.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { type OfficialBench, startOfficialBench, type Transport } from './official.ts'

const MODEL = 'claude-sonnet-4-6'

/** One pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
).toString('base64')

const TRANSPORTS: [Transport][] = [['over a socket'], ['in memory']]

describe.each(TRANSPORTS)('the official client, %s', (transport) => {
  let bench: OfficialBench

  beforeAll(async () => {
    bench = await startOfficialBench(transport)
  })

  beforeEach(() => bench.standin.reset())

  afterAll(() => bench.close())

  test('messages.create', async () => {
    const reply = textMessage('Paris.')
    bench.standin.reply(message(reply))

    const { data, request_id: requestId } = await bench.client.messages
      .create({ ...asking('The capital of France?'), system: 'Be brief.' })
      .withResponse()

    expect(data).toEqual(reply)
    expect(requestId).toMatch(/^req_/)
    expect(bench.differences()).toEqual([])
  })

  test('messages.create with stream: true', async () => {
    const sent = eventsOf(thinkingMessage('Hm.', 'Καλημέρα 🎈'))
    bench.standin.reply(events(sent, { chunking: 5 }))

    const stream = await bench.client.messages.create({
      ...asking('Greet me.'),
      max_tokens: 2000,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      stream: true,
    })

    const received = []
    for await (const event of stream) received.push(event)

    expect(received).toEqual(signedEvents(sent, bench.standin.messages[0]))
    expect(bench.differences()).toEqual([])
  })

  test('messages.stream, its text as it comes and its final message', async () => {
    const reply = assistantMessage([textBlock('One, two, three.'), textBlock(' Four, five.')])
    bench.standin.reply(message(reply))

    const stream = bench.client.messages.stream(asking('Count.'))
    const texts: string[] = []
    stream.on('text', (text) => texts.push(text))

    expect(await stream.finalMessage()).toMatchObject(reply)
    expect(texts.length).toBeGreaterThan(2)
    expect(texts.join('')).toBe('One, two, three. Four, five.')
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('abort() ends the request upstream', async () => {
    const sent = eventsOf(textMessage('A long story of many words.'))
    bench.standin.reply(events([...sent.slice(0, 4), hang()]))

    const stream = bench.client.messages.stream(asking('Tell.'))
    stream.on('text', () => stream.abort())

    await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIUserAbortError)
    const request = bench.standin.messages[0] as MessageRequest
    await request.closed
    expect(request.aborted).toBe(true)
  })

  // What is sent does not depend on the transport.
  if (transport === 'in memory') return

  const attachments: [title: string, block: ContentBlockParam][] = [
    ['an image', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
    [
      'an image by its address',
      { type: 'image', source: { type: 'url', url: 'https://a.test/b' } },
    ],
    [
      'a PDF',
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF },
        title: 'Report',
        citations: { enabled: true },
      },
    ],
    [
      'a text document',
      {
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'Grass is green.' },
        citations: { enabled: true },
      },
    ],
  ]

  test.each(attachments)('%s', async (_, block) => {
    const reply = textMessage('I see.')
    bench.standin.reply(message(reply))

    const created = await bench.client.messages.create({
      ...asking(''),
      messages: [{ role: 'user', content: [block, { type: 'text', text: 'What is it?' }] }],
    })

    expect(created).toEqual(reply)
    expect(bench.differences()).toEqual([])
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('thinking, sent back in the next turn', async () => {
    const thought = thinkingMessage('Let me see.', 'It is 42.')
    const asked = {
      ...asking('How much?'),
      max_tokens: 2000,
      thinking: { type: 'enabled' as const, budget_tokens: 1024 },
    }
    bench.standin.reply(message(thought))
    const first = await bench.client.messages.create(asked)
    expect(first).toEqual(signedMessage(thought, bench.standin.messages[0]))

    bench.standin.reply(message(textMessage('Yes.')))
    await bench.client.messages.create({
      ...asked,
      messages: [
        ...asked.messages,
        { role: 'assistant', content: first.content },
        { role: 'user', content: 'Sure?' },
      ],
    })

    expect(bench.differences()).toEqual([])
    expect(bench.standin.messages).toHaveLength(2)
  })

  test('structured output', async () => {
    const json = JSON.stringify({ city: 'Paris', people: 2_100_000 })
    const schema = z.object({ city: z.string(), people: z.number() })
    bench.standin.answer = () => message(textMessage(json))
    const asked = {
      ...asking('The capital?'),
      output_config: { format: zodOutputFormat(schema) },
    }

    const parsed = await bench.client.messages.parse(asked)
    expect(parsed.parsed_output).toEqual({ city: 'Paris', people: 2_100_000 })
    expect(bench.differences()).toEqual([])

    const streamed = await bench.client.messages.stream(asked).finalMessage()
    expect(streamed.parsed_output).toEqual({ city: 'Paris', people: 2_100_000 })
    expect(bench.differences()).toEqual([])

    const created = await bench.client.messages.create({
      ...asking('The capital?'),
      output_config: {
        format: { type: 'json_schema', schema: { type: 'object', properties: {} } },
        effort: 'low',
      },
    })
    expect(created.content).toEqual([textBlock(json)])
    expect(bench.differences()).toEqual([])
    expect(bench.standin.messages).toHaveLength(3)
  })

  test('a conversation of ten turns', async () => {
    bench.standin.answer = (_, index) => message(textMessage(`Answer ${index}.`))
    const messages: MessageParam[] = []
    const turnsBefore = bench.turns.length

    for (let turn = 0; turn < 10; turn += 1) {
      messages.push({ role: 'user', content: `Question ${turn}?` })
      const reply = await bench.client.messages.create({ ...asking(''), messages })
      expect(reply.content).toEqual([textBlock(`Answer ${turn}.`)])
      expect(bench.differences()).toEqual([])
      messages.push({ role: 'assistant', content: reply.content })
    }

    expect(bench.standin.messages).toHaveLength(10)
    const lanes = bench.turns.slice(turnsBefore).map(({ lane }) => lane)
    expect(lanes).toEqual(['open', ...Array.from({ length: 9 }, () => 'continue')])
  })

  test('betas', async () => {
    const reply = textMessage('Hi.')
    bench.standin.reply(message(reply))
    const betas = ['a-beta-of-tomorrow-2030-01-01', 'another-2030-02-02']

    const created = await bench.client.beta.messages.create({ ...asking('Hello.'), betas })

    expect(created).toEqual(reply)
    expect(bench.differences(betas)).toEqual([])
  })
})

function asking(content: string) {
  return {
    model: MODEL,
    max_tokens: 1000,
    messages: [{ role: 'user' as const, content }],
  }
}
