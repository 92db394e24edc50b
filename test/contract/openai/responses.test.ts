import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'
import { zodTextFormat } from 'openai/helpers/zod'
import type {
  Response as ModelResponse,
  ResponseCreateParamsNonStreaming,
  ResponseInput,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { events, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import {
  assistantMessage,
  textBlock,
  textMessage,
  thinkingMessage,
  toolUseMessage,
} from '../../support/messages.ts'
import { BOUND_SIGNATURE } from '../../support/signing.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'

let bench: OpenaiBench

beforeAll(async () => {
  bench = await startOpenaiBench()
})
afterAll(() => bench?.close())
beforeEach(() => {
  bench.standin.reset()
  bench.lanes()
})

type Params = Omit<ResponseCreateParamsNonStreaming, 'stream'>

/** Sends a request with or without a stream. */
function ask(streamed: boolean, body: Params): Promise<ModelResponse> {
  const { responses } = bench.client
  return streamed ? responses.stream({ model: MODEL, ...body }).finalResponse() : create(body)
}

async function create(body: Params): Promise<ModelResponse> {
  return bench.client.responses.create({ model: MODEL, ...body })
}

/** The earlier assistant messages, as they arrived upstream. */
function saidBefore(): unknown[] {
  const { messages = [] } = bench.standin.messages.at(-1)?.body ?? {}
  return messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)
}

const LOOK = {
  type: 'function' as const,
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
  strict: false,
}

const THOUGHT = { type: 'thinking' as const, thinking: 'Hm.', signature: 'c2lnbmVk' }

function call(id: string) {
  const calls = toolUseMessage([{ id, name: 'look', input: { at: id } }]).content
  return assistantMessage([THOUGHT, textBlock('I look.'), ...calls], { stop_reason: 'tool_use' })
}

describe.each([{ streamed: true }, { streamed: false }])(
  'a response ($streamed)',
  ({ streamed }) => {
    test('has the content of the reply, with its thoughts', async () => {
      bench.standin.reply(message(thinkingMessage('They greet.', 'Hello.')))
      const response = await ask(streamed, {
        input: `Greet (${streamed}).`,
        instructions: 'Be brief.',
        max_output_tokens: 99,
        reasoning: { effort: 'low' },
        metadata: { a: 'b' },
      })
      expect(response).toMatchObject({
        object: 'response',
        status: 'completed',
        model: MODEL,
        instructions: 'Be brief.',
        metadata: { a: 'b' },
        output_text: 'Hello.',
        output: [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'They greet.' }] },
          { type: 'message', role: 'assistant', status: 'completed' },
        ],
        usage: {
          input_tokens: 67,
          input_tokens_details: { cached_tokens: 34 },
          output_tokens: 55,
          total_tokens: 122,
        },
      })
      const wire = bench.standin.messages.at(-1)?.body
      expect(wire).toMatchObject({
        max_tokens: 99,
        thinking: { type: 'adaptive' },
        output_config: { effort: 'low' },
      })
      expect(JSON.stringify(wire?.system)).toContain('Be brief.')
    })

    test('continues from an id, in the waiting process', async () => {
      const id = `toolu_chain_${streamed}`
      bench.standin.reply(message(call(id)))
      const first = await ask(streamed, { input: `Look (${streamed}).`, tools: [LOOK] })
      expect(first.output).toMatchObject([
        { type: 'reasoning' },
        { type: 'message' },
        { type: 'function_call', call_id: id, name: 'look', arguments: JSON.stringify({ at: id }) },
      ])
      const second = await ask(streamed, {
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id: id, output: 'A wall.' }],
        tools: [LOOK],
      })
      const third = await ask(streamed, {
        previous_response_id: second.id,
        input: 'And now?',
        tools: [LOOK],
      })
      expect(third.previous_response_id).toBe(second.id)
      expect(bench.lanes()).toEqual(['open', 'resolve', 'continue'])
    })

    test('continues from its items, with thoughts and signatures', async () => {
      const id = `toolu_items_${streamed}`
      bench.standin.reply(message(call(id)))
      const input: ResponseInput = [{ role: 'user', content: `Look around (${streamed}).` }]
      const body = { tools: [LOOK], store: false }
      const first = await ask(streamed, { ...body, input })
      input.push(...(first.output as ResponseInput))
      input.push({ type: 'function_call_output', call_id: id, output: 'A door.' })
      await ask(streamed, { ...body, input })
      expect(bench.lanes()).toEqual(['open', 'resolve'])
      expect(saidBefore().at(-1)).toMatchObject([
        { ...THOUGHT, signature: expect.stringMatching(BOUND_SIGNATURE) },
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id },
      ])
    })

    test('that is cut short has the reason', async () => {
      bench.standin.reply(message(textMessage('So far', { stop_reason: 'max_tokens' })))
      const response = await ask(streamed, { input: `Cut (${streamed}).` })
      expect(response).toMatchObject({
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ type: 'message', status: 'incomplete' }],
      })
    })

    test('with a schema is parsed', async () => {
      bench.standin.reply(message(textMessage('{"city":"Oslo"}')))
      const body = {
        model: MODEL,
        input: `Plan (${streamed}).`,
        text: { format: zodTextFormat(z.object({ city: z.string() }), 'plan') },
      }
      const { responses } = bench.client
      const response = streamed
        ? await responses.stream(body).finalResponse()
        : await responses.parse(body)
      expect(response.output_parsed).toEqual({ city: 'Oslo' })
      expect(bench.standin.messages.at(-1)?.body['output_config']).toMatchObject({
        format: {
          type: 'json_schema',
          schema: { required: ['city'], additionalProperties: false },
        },
      })
    })
  },
)

test('items of other clients and providers are translated as far as possible', async () => {
  await create({
    input: [
      { role: 'developer', content: 'Be kind.' },
      { role: 'user', content: [{ type: 'input_text', text: 'Look at all this.' }] },
      { type: 'reasoning', id: 'rs_other', summary: [], encrypted_content: 'gAAAAA-of-another' },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":1}' },
      {
        type: 'function_call_output',
        call_id: 'call_1',
        output: [{ type: 'input_text', text: 'A wall.' }],
      },
    ],
    tools: [LOOK, { type: 'web_search', filters: { allowed_domains: ['a.example'] } }],
    tool_choice: { type: 'web_search_preview' },
  })
  expect(bench.standin.messages.at(-1)?.body).toMatchObject({
    tools: [
      { name: 'look' },
      { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.example'] },
    ],
    tool_choice: { type: 'tool', name: 'web_search' },
  })
  expect(JSON.stringify(bench.standin.messages.at(-1)?.body.system)).toContain('Be kind.')
  expect(saidBefore()).toMatchObject([[{ type: 'tool_use', id: 'call_1', input: { at: 1 } }]])
})

test('search results stay in the conversation, although clients do not return them', async () => {
  const url = 'https://found.example/'
  const found = {
    type: 'web_search_result',
    url,
    title: 'Found',
    encrypted_content: 'eA==',
    page_age: null,
  }
  const content = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [found] },
    textBlock('It is so.'),
  ] as ContentBlock[]
  bench.standin.reply(message(assistantMessage(content)))
  const tools = [{ type: 'web_search' as const }]
  const first = await create({ input: 'Search.', tools })
  expect(first.output).toMatchObject([
    { type: 'web_search_call', status: 'completed', action: { query: 'q' } },
    { type: 'message' },
  ])
  const input = [
    { role: 'user' as const, content: 'Search.' },
    { role: 'assistant' as const, content: first.output_text },
    { role: 'user' as const, content: 'Why?' },
  ]
  await create({ input, tools })
  expect(bench.lanes()).toEqual(['open', 'continue'])
  expect(saidBefore()[0]).toMatchObject([
    { type: 'server_tool_use' },
    { type: 'web_search_tool_result', content: [{ url, encrypted_content: 'eA==' }] },
    { type: 'text', text: 'It is so.' },
  ])
})

test('items can be referred to as long as their response exists', async () => {
  bench.standin.reply(message(thinkingMessage('Hm.', 'It is so.')))
  const first = await create({ input: 'Is it so?' })
  const ids = first.output.map((item) => ({ type: 'item_reference' as const, id: item.id ?? '' }))
  const input = [
    { role: 'user' as const, content: 'Is it so?' },
    ...ids,
    { role: 'user' as const, content: 'Why?' },
  ]
  await create({ input })
  expect(bench.lanes()).toEqual(['open', 'continue'])

  await bench.client.responses.delete(first.id)
  await expect(create({ input })).rejects.toMatchObject({
    status: 400,
    code: 'item_not_found',
    param: 'input[1].id',
  })
})

test('a stored response exists until it is deleted', async () => {
  const { id } = await create({ input: 'Keep this.' })
  expect(await bench.client.responses.retrieve(id)).toMatchObject({ id, status: 'completed' })
  await bench.client.responses.delete(id)
  await expect(bench.client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  await expect(create({ input: 'Go on.', previous_response_id: id })).rejects.toMatchObject({
    status: 400,
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  })
})

test('a response with store: false is not stored', async () => {
  const { id } = await create({ input: 'Forget this.', store: false })
  await expect(bench.client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
})

test('a stream that breaks off ends with an error', async () => {
  const whole = eventsOf(textMessage('This is a long answer, of which half arrives.'))
  bench.standin.reply(
    events([
      ...whole.slice(0, 4),
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    ]),
  )
  const response = await bench.send('/v1/responses', {
    model: MODEL,
    stream: true,
    input: 'Break.',
  })
  const text = await response.text()
  const sent = text
    .trim()
    .split('\n\n')
    .map((frame) => JSON.parse(frame.replace(/^event: .*\ndata: /, '')) as ResponseStreamEvent)
  expect(sent.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed'])
  expect(text).not.toContain('response.completed')
})

test.each([
  [
    'a forced call of a tool that the API does not have',
    { tools: [{ type: 'file_search' }], tool_choice: { type: 'file_search' } },
    'tool_choice',
  ],
  ['work in the background that is not stored', { background: true, store: false }, 'background'],
  ['a prompt', { prompt: { id: 'pmpt_1' } }, 'prompt'],
  ['a call without a name', { input: [{ call_id: 'a' }] }, 'input[0].name'],
  [
    'an image of the assistant',
    { input: [{ role: 'assistant', content: [{ type: 'input_image', image_url: 'x' }] }] },
    'input[0].content[0].type',
  ],
])('%s is refused', async (_, fields, param) => {
  const response = await bench.send('/v1/responses', { input: 'Hello.', ...fields })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { type: 'invalid_request_error', param, message: expect.any(String) },
  })
  expect(bench.standin.messages).toEqual([])
})
