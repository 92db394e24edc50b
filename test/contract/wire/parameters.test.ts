import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { laneOf } from '../../support/carrier.ts'
import { type Bench, expectAsSent, expectAsSentInEachLane, nextTurn, startBench } from './bench.ts'
import { startTalk } from './talk.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench({}, { maxProcesses: 3 })
})

afterAll(() => bench.close())

const HELLO = { model: 'claude-sonnet-4-6', messages: [{ role: 'user', content: 'Hello' }] }

const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'Tells the weather of a place.',
  input_schema: { type: 'object', properties: { place: { type: 'string' } } },
}

const FORMAT = {
  type: 'json_schema',
  schema: {
    type: 'object',
    properties: {
      title: { type: 'string' },
      author: { type: 'string' },
      pages: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    },
    required: ['title', 'author'],
    additionalProperties: false,
  },
}

const MANY_FIELDS = {
  max_tokens: 4096,
  temperature: 0.25,
  top_k: 12,
  stop_sequences: ['STOP', '\n\nHuman:'],
  service_tier: 'auto',
  output_config: { format: FORMAT },
  tools: [WEATHER_TOOL],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  thinking: { type: 'disabled' },
  inference_geo: 'eu',
  a_field_of_tomorrow: { nested: [1, { deep: null }] },
}

/** Parameters that do not influence each other share a request. */
const PARAMETERS: Record<string, object> = {
  'no parameter': {},
  'null for known fields': { container: null, cache_control: null, inference_geo: null },
  'the smallest values': { max_tokens: 1, temperature: 0, top_k: 1, stop_sequences: [] },
  'values beside a temperature': {
    // Beyond what the runtime would ask for.
    max_tokens: 200_000,
    temperature: 0.7,
    stop_sequences: ['\n\nHuman:', '"}', '</τέλος>', '🛑'],
    service_tier: 'auto',
    stream: false,
    speed: 'fast',
    inference_geo: 'us',
    container: 'container_01',
  },
  'temperature: 1': { temperature: 1 },
  'top_p alone': { top_p: 0.9 },
  'top_p beside temperature': { top_p: 0.9, temperature: 0.3 },
  'top_k alone': { top_k: 40 },
  'temperature, top_p and top_k': { temperature: 0.5, top_p: 0.8, top_k: 3 },
  'one stop sequence': { stop_sequences: ['END'], service_tier: 'standard_only' },
  'parameters of nested values': {
    container: { id: null, skills: [{ type: 'anthropic', skill_id: 'xlsx', version: 'latest' }] },
    mcp_servers: [
      {
        type: 'url',
        name: 'elsewhere',
        url: 'https://mcp.example.com/sse',
        authorization_token: 'made-up',
        tool_configuration: { enabled: true, allowed_tools: ['search'] },
      },
    ],
    context_management: {
      edits: [
        {
          type: 'clear_tool_uses_20250919',
          trigger: { type: 'input_tokens', value: 30_000 },
          keep: { type: 'tool_uses', value: 3 },
          clear_tool_inputs: true,
        },
      ],
    },
  },
  'cache_control of the whole request': { cache_control: { type: 'ephemeral' } },
  'unknown fields': {
    text_of_tomorrow: 'Καλημέρα 世界 👩🏽‍🚀 "quoted" \\ \u2028 \u0000 \u007F',
    null_of_tomorrow: null,
    false_of_tomorrow: false,
    zero_of_tomorrow: 0,
    digits_of_tomorrow: -1.23456789012345e-9,
    list_of_tomorrow: [1, 'two', [3], { four: null }, [], {}],
    object_of_tomorrow: { a: { b: { c: [{ d: null, e: [], f: {}, 'g.h': '' }] } } },
    'dotted.name': 1,
    κλειδί: 2,
    '': 3,
    constructor: 4,
  },
  'an unknown field of 200 kB': { a_field_of_tomorrow: 'naïve '.repeat(35_000) },
}

const TOOL_CHOICES: Record<string, object> = {
  auto: { type: 'auto' },
  'auto, one at a time': { type: 'auto', disable_parallel_tool_use: true },
  any: { type: 'any' },
  'any, one at a time': { type: 'any', disable_parallel_tool_use: true },
  'a tool': { type: 'tool', name: 'get_weather' },
  none: { type: 'none' },
}

const OUTPUT_CONFIGS: Record<string, object> = {
  ...Object.fromEntries(
    ['low', 'medium', 'high', 'max'].map((effort) => [`effort: ${effort}`, { effort }]),
  ),
  'a JSON schema': { format: FORMAT },
  'effort, a JSON schema and an unknown field': {
    effort: 'low',
    format: FORMAT,
    verbosity: 'low',
  },
  nothing: {},
}

const THINKING: Record<string, object> = {
  disabled: { thinking: { type: 'disabled' } },
  'disabled beside a temperature': { thinking: { type: 'disabled' }, temperature: 0.2 },
  'disabled beside top_p': { thinking: { type: 'disabled' }, top_p: 0.9 },
  'enabled with a budget': {
    thinking: { type: 'enabled', budget_tokens: 2048 },
    max_tokens: 8000,
  },
  'enabled with a budget, without max_tokens': {
    thinking: { type: 'enabled', budget_tokens: 1024 },
  },
  'enabled beside top_p': { thinking: { type: 'enabled', budget_tokens: 1024 }, top_p: 0.97 },
  adaptive: { thinking: { type: 'adaptive' } },
  'adaptive, summarized': { thinking: { type: 'adaptive', display: 'summarized' } },
  'adaptive, omitted, with effort': {
    thinking: { type: 'adaptive', display: 'omitted' },
    output_config: { effort: 'medium' },
  },
  'adaptive, with what becomes of thoughts that are bound elsewhere': {
    thinking: { type: 'adaptive', block_binding: { prefix_mismatch_behavior: 'drop_block' } },
  },
  'between tools': { thinking: { type: 'between_tools' } },
  'of an unknown type': { thinking: { type: 'at_night' } },
}

/** Settings before a process's first turn are sent in another way than later ones. */
const IN_A_NEW_PROCESS: Record<string, object> = {
  'many at once': MANY_FIELDS,
  'all parameters from above at once': Object.assign({}, ...Object.values(PARAMETERS)) as object,
  // With it the runtime sets no breakpoints of its own.
  'cache_control of the whole request, for an hour': {
    cache_control: { type: 'ephemeral', ttl: '1h' },
  },
  'top_p alone': { top_p: 0.9 },
  'thinking with a budget': THINKING['enabled with a budget'] ?? {},
  'adaptive thinking': THINKING['adaptive, omitted, with effort'] ?? {},
}

const hello = startTalk(() => bench, { model: HELLO.model })

describe('a parameter reaches the API unchanged', () => {
  test.each(Object.entries(PARAMETERS))('%s', async (_, parameters) => {
    await hello('Hello', parameters)
  })
})

describe('output_config reaches the API unchanged', () => {
  test.each(Object.entries(OUTPUT_CONFIGS))('%s', async (_, config) => {
    await hello('Hello', { output_config: config })
  })
})

describe('from a new process, a parameter reaches the API unchanged', () => {
  test.each(Object.entries(IN_A_NEW_PROCESS))('%s', async (_, parameters) => {
    await expectAsSentInEachLane(bench, { body: { ...HELLO, ...parameters } })
  })
})

describe('tool_choice reaches the API unchanged', () => {
  const talk = startTalk(() => bench, { model: HELLO.model, tools: [WEATHER_TOOL] })
  test.each(Object.entries(TOOL_CHOICES))('%s', async (_, choice) => {
    await talk('Hello', { tool_choice: choice })
  })
})

/** The cases in which it may matter which forms of thinking the runtime knows of the model. */
const OF_A_MODEL = ['disabled', 'enabled with a budget', 'adaptive, omitted, with effort']

const THINKERS: Record<string, readonly string[]> = {
  'claude-sonnet-4-6': Object.keys(THINKING),
  'claude-sonnet-5-5': OF_A_MODEL,
  'claude-opus-5-5': OF_A_MODEL,
  'claude-haiku-5-5': OF_A_MODEL,
  'claude-haiku-4-5': ['disabled', 'enabled with a budget', 'enabled beside top_p'],
}

describe.each(Object.entries(THINKERS))(
  'thinking reaches the API unchanged, for %s',
  (model, names) => {
    // The API decides if the model accepts it.
    beforeAll(() => {
      bench.standin.hasModelRules = false
    })
    afterAll(() => {
      bench.standin.hasModelRules = true
    })
    const talk = startTalk(() => bench, { model })
    test.each(['not a word of it', ...names])('%s', async (name) => {
      await talk('Hello', THINKING[name] ?? {})
    })
  },
)

describe('the model', () => {
  test.each(['claude-opus-4-6', 'claude-sonnet-5-5', 'claude-3-haiku-20240307', 'made-up-model-1'])(
    'is %s if the client names it',
    async (model) => {
      expectAsSent(await bench.send({ body: { ...HELLO, model, max_tokens: 100 } }))
    },
  )

  test('is the configured one if the client names none', async () => {
    const { upstream } = await expectAsSentInEachLane(bench, { body: { messages: HELLO.messages } })
    expect(upstream.body.model).toBe(bench.proxy.config.modelDefault)
  })
})

describe('the parameters of one request do not reach the next', () => {
  test('of the same conversation', async () => {
    const first = await bench.send({ body: { ...HELLO, ...MANY_FIELDS } })
    const { messages } = nextTurn(first, 'Again').body
    const second = await bench.send({
      body: { model: HELLO.model, tools: MANY_FIELDS.tools, messages },
    })
    expectAsSent(second)
    expect(second.lane).toBe(laneOf('continue'))
  })

  test('of the same conversation, after thinking', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    const first = await bench.send({ body: { ...HELLO, max_tokens: 5000, thinking } })
    const second = await bench.send({ body: { ...HELLO, ...messagesAfter(first, 'Again') } })
    const third = await bench.send({
      body: { ...HELLO, top_p: 0.5, ...messagesAfter(second, 'And again') },
    })
    for (const exchange of [second, third]) {
      expectAsSent(exchange)
      expect(exchange.lane).toBe(laneOf('continue'))
    }
  })

  test('of another conversation', async () => {
    await bench.send({ body: { ...HELLO, ...MANY_FIELDS }, betas: ['context-1m-2025-08-07'] })
    expectAsSent(await bench.send({ body: HELLO }))
  })

  test('that runs at the same time', async () => {
    const bodies = [MANY_FIELDS, { top_p: 0.4 }, {}, { max_tokens: 7, top_k: 2 }]
    const requests = bodies.map((parameters, index) => ({
      body: { ...HELLO, ...parameters, messages: [{ role: 'user', content: `Client ${index}` }] },
    }))
    for (const exchange of await bench.sendTogether(requests)) expectAsSent(exchange)
  })
})

function messagesAfter(exchange: Parameters<typeof nextTurn>[0], prompt: string): object {
  return { messages: nextTurn(exchange, prompt).body['messages'] }
}
