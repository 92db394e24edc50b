import { describe, expect, test, vi } from 'vitest'

import { appOptions } from '../../test/support/app-options.ts'
import { REPLY, source } from '../../test/support/source.ts'
import type { ReplyEvent } from '../api/types.ts'
import { ApiError } from '../errors.ts'
import { type AppOptions, createApp } from './app.ts'
import type { Ask } from './reply.ts'

const MODELS = [
  { id: 'claude-opus-5-5', displayName: 'Opus 5.5' },
  { id: 'gpt-4o', displayName: 'gpt-4o (opus)' },
]
const HELLO = { model: 'opus', messages: [{ role: 'user', content: 'Hello' }] }

function open(options: Partial<AppOptions> = {}) {
  const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
  const app = createApp({ ...appOptions(), ask, models: () => Promise.resolve(MODELS), ...options })
  const get = async (path: string) =>
    (await Promise.resolve(app.request(`http://localhost${path}`))).json()
  const post = (path: string, body: object) =>
    Promise.resolve(
      app.request(`http://localhost${path}`, { method: 'POST', body: JSON.stringify(body) }),
    )
  const asked = () => ask.mock.calls[0]?.[0]
  return { asked, ask, get, post }
}

async function linesOf(response: Response): Promise<Record<string, unknown>[]> {
  const lines = (await response.text()).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a client finds the version and the models', async () => {
  const { get, post } = open({ modelOf: () => 'claude-opus-5-5' })
  expect(await get('/api/version')).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) })
  const { models } = (await get('/api/tags')) as { models: { name: string; model: string }[] }
  expect(models.map(({ name }) => name)).toEqual(['claude-opus-5-5', 'gpt-4o'])
  const response = await post('/api/show', { model: 'opus:latest' })
  expect(await response.json()).toMatchObject({
    capabilities: expect.arrayContaining(['completion', 'tools']),
    model_info: { 'general.architecture': 'claude', 'claude.context_length': 1_000_000 },
  })
})

test('an unknown model gets the error of Ollama', async () => {
  const { post } = open()
  const response = await post('/api/show', { model: 'llama3' })
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({ error: "model 'llama3' not found" })
})

describe('a chat', () => {
  test('is a stream of lines; the last one has the usage', async () => {
    const { asked, post } = open()
    const response = await post('/api/chat', HELLO)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = await linesOf(response)
    expect(asked()).toEqual({ ...HELLO, stream: true })
    expect(lines).toMatchObject([
      { model: 'opus', message: { role: 'assistant', content: 'Hi' }, done: false },
      {
        model: 'opus',
        message: { content: '' },
        done: true,
        done_reason: 'stop',
        prompt_eval_count: 1,
        eval_count: 2,
      },
    ])
  })

  test('is one object if the client asks for that', async () => {
    const { post } = open()
    const response = await post('/api/chat', { ...HELLO, stream: false })
    expect(await response.json()).toMatchObject({
      model: 'opus',
      message: { role: 'assistant', content: 'Hi' },
      done: true,
      eval_count: 2,
    })
  })

  test('is sent with its options, images, tools and format', async () => {
    const { asked, post } = open()
    const png = 'iVBORw0KGgoAAAANSUhEUg=='
    const parameters = { type: 'object', properties: { a: { type: 'string' } } }
    await post('/api/chat', {
      model: 'haiku:latest',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Look.', images: [png] },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ function: { name: 'look', arguments: { at: 1 } } }],
        },
        { role: 'tool', tool_name: 'look', content: 'A wall.' },
      ],
      tools: [{ type: 'function', function: { name: 'look', parameters } }],
      format: { type: 'object', properties: { a: { type: 'string' } } },
      think: 'low',
      options: { num_predict: 9, stop: ['END'], num_ctx: 4096, seed: 1 },
      keep_alive: '5m',
    })
    expect(asked()).toEqual({
      model: 'haiku',
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look.' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'function_call_1', name: 'look', input: { at: 1 } }],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'function_call_1', content: 'A wall.' }],
        },
      ],
      tools: [{ name: 'look', input_schema: parameters }],
      stream: true,
      max_tokens: 9,
      stop_sequences: ['END'],
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: {
        effort: 'low',
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            additionalProperties: false,
          },
        },
      },
    })
  })

  test('loses the parameters that its model refuses', async () => {
    const { asked, post } = open({ modelOf: () => 'claude-opus-5-5' })
    const options = { temperature: 0.8, top_p: 0.9, top_k: 40, num_predict: -1 }
    await post('/api/chat', { ...HELLO, options })
    expect(asked()).toEqual({ ...HELLO, stream: true })
  })

  test('ends with its whole calls', async () => {
    const block = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
    const events = [
      REPLY[0],
      { type: 'content_block_start', index: 0, content_block: block },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'input_json_delta', partial_json: '{"at":1}' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ] as ReplyEvent[]
    const calls = [{ id: 'toolu_1', function: { name: 'look', arguments: { at: 1 } } }]
    const { post } = open({ ask: () => Promise.resolve(source(events).events) })
    expect(await linesOf(await post('/api/chat', HELLO))).toMatchObject([
      { message: { tool_calls: calls }, done: false },
      { done: true, done_reason: 'stop' },
    ])
    const whole = await post('/api/chat', { ...HELLO, stream: false })
    expect(await whole.json()).toMatchObject({ message: { tool_calls: calls } })
  })

  test('without messages loads a model, and sends nothing upstream', async () => {
    const { ask, post } = open()
    const response = await post('/api/chat', { model: 'opus', messages: [] })
    expect(await response.json()).toMatchObject({ done: true, done_reason: 'load' })
    expect(ask).not.toHaveBeenCalled()
  })

  test('that fails in the middle has the error in its last line', async () => {
    const failure = new ApiError('overloaded_error', 'Overloaded')
    const { post } = open({
      ask: () => Promise.resolve(source([...REPLY.slice(0, 3), failure]).events),
    })
    const lines = await linesOf(await post('/api/chat', HELLO))
    expect(lines.at(-1)).toEqual({ error: 'Overloaded' })
  })

  test('with a wrong field is a 400 that names the field', async () => {
    const { post } = open()
    const response = await post('/api/chat', { model: 'opus', messages: [{ role: 'critic' }] })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringContaining('messages[0].role') })
  })
})

test('a generate request becomes a chat of one turn', async () => {
  const { asked, post } = open()
  const body = { model: 'opus', prompt: 'Hello', system: 'Be brief.', stream: false }
  const response = await post('/api/generate', body)
  expect(asked()).toEqual({
    ...HELLO,
    system: [{ type: 'text', text: 'Be brief.' }],
    stream: false,
  })
  expect(await response.json()).toMatchObject({ response: 'Hi', done: true })
  const lines = await linesOf(await post('/api/generate', { ...body, stream: true }))
  expect(lines.map((line) => line['response'])).toEqual(['Hi', ''])
})

test.each([{ messages: null }, { messages: 5 }, { tools: [{ name: 'look' }] }, { tools: 'none' }])(
  'a generate request ignores the fields of a chat: %j',
  async (more) => {
    const { asked, post } = open()
    const body = { model: 'opus', prompt: 'Hello', stream: false, ...more }
    expect((await post('/api/generate', body)).status).toBe(200)
    expect(asked()?.tools).toBeUndefined()
  },
)
