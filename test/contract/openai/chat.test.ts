import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'
import { zodResponseFormat } from 'openai/helpers/zod'
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { message } from '../../support/answers.ts'
import {
  assistantMessage,
  textBlock,
  textMessage,
  thinkingMessage,
  toolUseMessage,
  usage,
} from '../../support/messages.ts'
import { cacheBreak } from '../../support/prefix.ts'
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

/** The latest conversation upstream, without the runtime's additions. */
function conversation(): { role: string; content: unknown }[] {
  const body = bench.standin.messages.at(-1)?.body
  return (body?.messages ?? []).map(({ role, content }) => {
    const blocks =
      typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content
    return {
      role,
      content: blocks
        .filter((block) => block.type !== 'text' || !block.text.includes('<system-reminder>'))
        .map((block) => ({ ...block, cache_control: undefined })),
    }
  })
}

function answerOf({ choices: [choice] }: ChatCompletion): ChatCompletionMessage {
  if (choice === undefined) throw new Error('There is no choice.')
  return choice.message
}

/** Sends a request with or without a stream, and returns the client's final message. */
function ask(streamed: boolean, body: Omit<ChatCompletionCreateParamsNonStreaming, 'stream'>) {
  const { completions } = bench.client.chat
  return streamed
    ? completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion()
    : completions.create(body)
}

test('a developer message inside a chat stays in its place, and the next turn only adds to it', async () => {
  const model = 'claude-opus-5-5'
  const messages: ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is it?' },
    { role: 'assistant', content: 'A dot.' },
    { role: 'developer', content: 'Answer in French.' },
    { role: 'user', content: 'And that?' },
  ]
  const { choices } = await bench.client.chat.completions.create({ model, messages })
  const content = choices[0]?.message.content ?? ''
  await bench.client.chat.completions.create({
    model,
    messages: [...messages, { role: 'assistant', content }, { role: 'user', content: 'Well?' }],
  })

  const [first = {}, second = {}] = bench.standin.messages.map(
    ({ body }): Record<string, unknown> => ({ ...body }),
  )
  expect(cacheBreak(first, second)).toBeUndefined()
  const wire = JSON.stringify(second['messages'])
  const places = ['A dot.', 'And that?', 'Answer in French.', 'Well?'].map((words) =>
    wire.indexOf(words),
  )
  expect(places).toEqual(places.toSorted((one, other) => one - other))
  expect(JSON.stringify(second['system'])).not.toContain('French')
})

describe.each([{ streamed: true }, { streamed: false }])('a chat (streamed: $streamed)', (mode) => {
  const { streamed } = mode

  test('gets the reply of the API', async () => {
    const details = { thinking_tokens: 13 }
    const reply = textMessage('Hello, you.', { usage: usage({ output_tokens_details: details }) })
    bench.standin.reply(message(reply))
    const completion = await ask(streamed, {
      model: MODEL,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'And kind.' },
        { role: 'user', content: `Say hello (${streamed}).` },
      ],
      max_tokens: 77,
      temperature: 1.5,
      stop: 'END',
    })

    expect(completion).toMatchObject({
      id: reply.id,
      object: 'chat.completion',
      model: MODEL,
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Hello, you.' },
        },
      ],
      usage: {
        prompt_tokens: 21 + 12 + 34,
        completion_tokens: 55,
        total_tokens: 122,
        prompt_tokens_details: { cached_tokens: 34, cache_write_tokens: 12 },
        completion_tokens_details: { reasoning_tokens: 13 },
      },
    })
    const wire = bench.standin.messages.at(-1)?.body
    expect(wire).toMatchObject({ max_tokens: 77, temperature: 1, stop_sequences: ['END'] })
    expect(JSON.stringify(wire?.system)).toContain('Be brief.\\n\\nAnd kind.')
    expect(conversation()).toEqual([
      { role: 'user', content: [{ type: 'text', text: `Say hello (${streamed}).` }] },
    ])
  })

  test('continues in its process', async () => {
    const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: `One (${streamed}).` }]
    for (const next of ['Two.', 'Three.']) {
      const answered = answerOf(await ask(streamed, { model: MODEL, messages }))
      messages.push(answered, { role: 'user', content: next })
    }
    await ask(streamed, { model: MODEL, messages })
    expect(bench.lanes()).toEqual(['open', 'continue', 'continue'])
  })

  test('with reasoning continues with its thoughts and their signatures', async () => {
    bench.standin.reply(message(thinkingMessage('They greet me.', 'Hello.')))
    const messages: ChatCompletionMessageParam[] = [
      { role: 'user', content: `Think (${streamed}).` },
    ]
    const asked = { model: MODEL, messages, reasoning_effort: 'high' } as const
    const { choices } = await ask(streamed, asked)
    expect(choices[0]?.message).toMatchObject({
      content: 'Hello.',
      // The client's stream keeps only the last piece of an unknown field.
      reasoning_content: streamed ? expect.stringMatching(/./) : 'They greet me.',
    })
    expect(bench.standin.messages.at(-1)?.body).toMatchObject({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
    })

    await ask(streamed, {
      ...asked,
      messages: [
        ...messages,
        { role: 'assistant', content: 'Hello.' },
        { role: 'user', content: 'Go on.' },
      ],
    })
    expect(bench.lanes()).toEqual(['open', 'continue'])
    expect(conversation()[1]?.content).toMatchObject([
      {
        type: 'thinking',
        thinking: 'They greet me.',
        signature: expect.stringMatching(BOUND_SIGNATURE),
      },
      { type: 'text', text: 'Hello.' },
    ])
  })

  test('in an order that the dialect can not express is recognised as the same conversation', async () => {
    const call = { id: `toolu_order_${streamed}`, name: 'look', input: {} }
    const [used] = toolUseMessage([call]).content as [ContentBlock]
    const content = [textBlock('I look.'), used]
    const thought = { type: 'thinking' as const, thinking: 'Hm.', signature: 'c2lnbmVk' }
    bench.standin.reply(
      message(assistantMessage([thought, ...content], { stop_reason: 'tool_use' })),
    )
    const tools = [{ type: 'function' as const, function: { name: 'look' } }]
    const messages: ChatCompletionMessageParam[] = [
      { role: 'user', content: `Look (${streamed}).` },
    ]
    const completion = await ask(streamed, { model: MODEL, messages, tools })
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'I look.',
        tool_calls: [
          { id: call.id, type: 'function', function: { name: 'look', arguments: '{}' } },
        ],
      },
    })

    const { content: text, tool_calls: calls = [] } = answerOf(completion)
    await ask(streamed, {
      model: MODEL,
      tools,
      messages: [
        ...messages,
        // The form in which clients return it: without thoughts, with arguments serialized again.
        { role: 'assistant', content: text, tool_calls: calls },
        { role: 'tool', tool_call_id: call.id, content: 'A wall.' },
      ],
    })
    expect(bench.lanes()).toEqual(['open', 'resolve'])
    expect(conversation().at(-2)?.content).toMatchObject([
      { type: 'thinking', signature: expect.stringMatching(BOUND_SIGNATURE) },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: call.id },
    ])
  })

  test('that is not remembered is replayed as it was sent', async () => {
    await ask(streamed, {
      model: MODEL,
      tools: [{ type: 'function', function: { name: 'look', parameters: {} } }],
      messages: [
        { role: 'user', content: `Never given (${streamed}).` },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: ['a', 'b'].map((id) => ({
            id: `call_${id}`,
            type: 'function' as const,
            function: { name: 'look', arguments: `{"at": "${id}"}` },
          })),
        },
        { role: 'tool', tool_call_id: 'call_a', content: 'A wall.' },
        { role: 'tool', tool_call_id: 'call_b', content: 'A door.' },
        { role: 'user', content: 'And?' },
      ],
    })
    expect(bench.lanes()).toEqual(['open'])
    expect(conversation().slice(1)).toMatchObject([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'call_a', name: 'look', input: { at: 'a' } },
          { type: 'tool_use', id: 'call_b', name: 'look', input: { at: 'b' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_a' },
          { type: 'tool_result', tool_use_id: 'call_b' },
          { type: 'text', text: 'And?' },
        ],
      },
    ])
  })

  test('with a schema is parsed', async () => {
    bench.standin.reply(message(textMessage('{"city":"Oslo","days":3}')))
    const answer = z.object({ city: z.string(), days: z.number().min(1) })
    const body = {
      model: MODEL,
      messages: [{ role: 'user' as const, content: `Plan (${streamed}).` }],
      response_format: zodResponseFormat(answer, 'plan'),
    }
    const completion = streamed
      ? await bench.client.chat.completions.stream(body).finalChatCompletion()
      : await bench.client.chat.completions.parse(body)
    expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Oslo', days: 3 })
    expect(bench.standin.messages.at(-1)?.body['output_config']).toMatchObject({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { city: { type: 'string' }, days: { type: 'number' } },
          required: ['city', 'days'],
          additionalProperties: false,
        },
      },
    })
  })

  test('runs the tools of the client', async () => {
    const ran: unknown[] = []
    bench.standin.answer = (_, index) =>
      message(
        index < 2
          ? toolUseMessage(
              ['Oslo', 'Rome'].map((city) => ({
                id: `toolu_${city}_${index}_${streamed}`,
                name: 'weather',
                input: { city },
              })),
            )
          : textMessage('Both are sunny.'),
      )
    const options = {
      model: MODEL,
      messages: [{ role: 'user' as const, content: `Run (${streamed}).` }],
      tools: [
        {
          type: 'function' as const,
          function: {
            name: 'weather',
            description: 'The weather of a city.',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
            parse: (text: string) => JSON.parse(text) as { city: string },
            function: ({ city }: { city: string }) => {
              ran.push(city)
              return `Sunny in ${city}.`
            },
          },
        },
      ],
    }
    const { completions } = bench.client.chat
    const text = streamed
      ? await completions.runTools({ ...options, stream: true }).finalContent()
      : await completions.runTools(options).finalContent()

    expect(text).toBe('Both are sunny.')
    expect(ran).toEqual(['Oslo', 'Rome', 'Oslo', 'Rome'])
    expect(bench.lanes()).toEqual(['open', 'resolve', 'resolve'])
    expect(bench.standin.messages).toHaveLength(3)
  })
})

test('tools and tool choices reach the API in its own form', async () => {
  await bench.client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Use tools.' }],
    tools: ['a', 'b', 'c'].map((name) => ({
      type: 'function',
      function: {
        name,
        strict: true,
        parameters: { type: 'object', properties: { x: { type: 'integer', minimum: 1 } } },
      },
    })),
    tool_choice: {
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'required',
        tools: ['a', 'b'].map((name) => ({ type: 'function', function: { name } })),
      },
    },
    parallel_tool_calls: false,
  })
  const schema = {
    type: 'object',
    properties: { x: { type: 'integer', description: '{minimum: 1}' } },
    additionalProperties: false,
  }
  expect(bench.standin.messages.at(-1)?.body).toMatchObject({
    tools: ['a', 'b'].map((name) => ({ name, strict: true, input_schema: schema })),
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
  })
})

test('images and files reach the API as its own blocks', async () => {
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  await bench.client.chat.completions.create({
    model: MODEL,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look.' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          { type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } },
          {
            type: 'file',
            file: { filename: 'n.txt', file_data: `data:text/plain;base64,${btoa('Notes')}` },
          },
        ],
      },
    ],
  })
  expect(conversation()[0]?.content).toEqual([
    { type: 'text', text: 'Look.' },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
    { type: 'image', source: { type: 'url', url: 'https://pictures.example/a.png' } },
    {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'Notes' },
      title: 'n.txt',
    },
  ])
})

test('a stream ends with the usage, and then with [DONE]', async () => {
  const response = await bench.send('/v1/chat/completions', {
    model: MODEL,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Stream.' }],
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const lines = (await response.text()).trim().split('\n\n')
  expect(lines.pop()).toBe('data: [DONE]')
  const chunks = lines.map((line) => JSON.parse(line.replace(/^data: /, '')) as { usage: unknown })
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 122 } })
  expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual(
    chunks.slice(0, -1).map(() => null),
  )
})

test('a request without a model uses the default one', async () => {
  const response = await bench.send('/v1/chat/completions', {
    messages: [{ role: 'user', content: 'Which?' }],
  })
  expect(response.status).toBe(200)
  expect(bench.standin.messages.at(-1)?.body.model).toBe('claude-sonnet-4-6')
})
