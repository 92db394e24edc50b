import Anthropic from '@anthropic-ai/sdk'
import type { MessageParam } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { MessageRequest } from '../../support/standin.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type Bench, startBench } from './bench.ts'
import { PDF, PICTURES } from './samples.ts'

let bench: Bench
let client: Anthropic

beforeAll(async () => {
  bench = await startBench()
  const { url } = await bench.proxy.listen()
  client = new Anthropic({ baseURL: url, apiKey: 'made-up', maxRetries: 0 })
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

const MODEL = 'claude-sonnet-4-6'

/** The request upstream, of which there must be one. */
function arrived(): MessageRequest {
  expect(bench.standin.requests).toHaveLength(1)
  return bench.standin.messages[0] as MessageRequest
}

test('messages.create', async () => {
  const body = {
    model: MODEL,
    max_tokens: 300,
    temperature: 0.5,
    stop_sequences: ['END'],
    system: 'Be brief.',
    messages: [{ role: 'user' as const, content: 'Καλημέρα 👋' }],
  }
  await client.messages.create(body)
  expect(wireDifferences({ body }, arrived())).toEqual([])
})

test('messages.stream, with an image, a PDF and tools', async () => {
  const body = {
    model: MODEL,
    max_tokens: 300,
    tools: [
      {
        name: 'get_weather',
        input_schema: { type: 'object' as const, properties: { place: { type: 'string' } } },
      },
    ],
    tool_choice: { type: 'auto' as const },
    messages: [
      {
        role: 'user' as const,
        content: [
          {
            type: 'image' as const,
            source: {
              type: 'base64' as const,
              media_type: 'image/png' as const,
              data: PICTURES['image/png'],
            },
          },
          {
            type: 'document' as const,
            source: {
              type: 'base64' as const,
              media_type: 'application/pdf' as const,
              data: PDF,
            },
            citations: { enabled: true },
          },
          { type: 'text' as const, text: 'What are these?' },
        ],
      },
    ],
  }
  await client.messages.stream(body).finalMessage()
  expect(wireDifferences({ body }, arrived())).toEqual([])
})

test('four turns of a client that keeps the content of the replies', async () => {
  const messages: MessageParam[] = []
  for (let turn = 1; turn <= 4; turn += 1) {
    messages.push({ role: 'user', content: `Turn ${turn}` })
    const body = { model: MODEL, max_tokens: 300, messages: [...messages] }
    bench.standin.reset()
    const { content } = await client.messages.create(body)
    expect(wireDifferences({ body }, arrived()), `turn ${turn}`).toEqual([])
    messages.push({ role: 'assistant', content })
  }
})

test('beta.messages, with beta headers and what they allow', async () => {
  const betas = ['mcp-client-2025-11-20', 'context-management-2025-06-27']
  const body = {
    model: MODEL,
    max_tokens: 300,
    mcp_servers: [{ type: 'url' as const, name: 'elsewhere', url: 'https://mcp.example.com' }],
    context_management: { edits: [{ type: 'clear_tool_uses_20250919' as const }] },
    messages: [{ role: 'user' as const, content: 'Hello' }],
  }
  await client.beta.messages.create({ ...body, betas })
  expect(wireDifferences({ body, betas }, arrived())).toEqual([])
})
