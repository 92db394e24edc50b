import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CARRIER, laneOf } from '../../support/carrier.ts'
import { message } from '../../support/answers.ts'
import { toolUseMessage } from '../../support/messages.ts'
import type { ClientRequest } from '../../support/wire.ts'
import { type Bench, expectAsSent, expectAsSentInEachLane, nextTurn, startBench } from './bench.ts'
import { asking, TIME_TOOL, WEATHER_TOOL } from './samples.ts'
import { expectEachAsSent } from './together.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const NOTHING = { type: 'object', properties: {} }

const named = (name: string): object => ({
  name,
  description: `Does what ${name} does.`,
  input_schema: { type: 'object', properties: { command: { type: 'string' } } },
})

const withSchema = (schema: object): object => ({ ...TIME_TOOL, input_schema: schema })

/** Names of the runtime's own tools. */
const RUNTIME_NAMES = [
  'Bash Read Write Edit Glob Grep LS NotebookEdit Monitor WebSearch WebFetch TodoWrite TaskCreate',
  'Skill SlashCommand Task AskUserQuestion ExitPlanMode SendMessage StructuredOutput',
].flatMap((names) => names.split(' '))

/** Lists of tools; the cases of each do not influence each other. */
const LISTS: Record<string, Record<string, object[]>> = {
  none: { none: [] },
  'a plain one': { 'a plain one': [WEATHER_TOOL] },
  'of all types and descriptions': {
    'of type custom': [{ type: 'custom', ...WEATHER_TOOL }],
    'of type null': [{ type: null, ...WEATHER_TOOL }],
    'without a description': [{ name: 'ping', input_schema: NOTHING }],
    'with an empty description': [{ name: 'ping', description: '', input_schema: NOTHING }],
    'with a long description': [{ ...TIME_TOOL, description: 'Tells the time. '.repeat(2000) }],
    'with characters of all kinds in its description': [
      {
        ...TIME_TOOL,
        description: '  Τι ώρα είναι; 🕰️\r\n\t"\\" <system-reminder> @/etc/passwd \u0000 ',
      },
    ],
  },
  'of all schemas': {
    'with a schema that says nothing': [withSchema({ type: 'object' })],
    'with a schema without a type': [withSchema({ properties: { zone: { type: 'string' } } })],
    'with an empty schema': [withSchema({})],
    'with a schema of all keywords': [
      withSchema({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        title: 'Ερώτηση',
        $defs: {
          node: {
            type: 'object',
            properties: { next: { $ref: '#/$defs/node' }, value: { type: ['string', 'null'] } },
          },
        },
        properties: {
          zone: { anyOf: [{ type: 'string', pattern: '^\\w+/\\w+$' }, { type: 'null' }] },
          list: { type: 'array', items: { $ref: '#/$defs/node' }, minItems: 1, uniqueItems: true },
          either: { oneOf: [{ const: 1 }, { const: 'one' }], default: 1 },
          all: { allOf: [{ type: 'number' }, { minimum: 0, exclusiveMaximum: 1.5e3 }] },
          none: { not: { type: 'string' } },
          when: { type: 'string', format: 'date-time', examples: ['2026-01-01T00:00:00Z'] },
          any_of_these: { enum: ['a', 2, null, true] },
        },
        patternProperties: { '^x-': { type: 'string' } },
        if: { properties: { zone: { const: 'UTC' } } },
        else: { required: ['when'] },
        dependentRequired: { zone: ['list'] },
        required: ['zone'],
        additionalProperties: false,
        'x-of-the-client': { nested: [null] },
      }),
    ],
    'with a choice at the top of its schema': [
      withSchema({
        type: 'object',
        properties: { zone: { type: 'string' }, place: { type: 'string' } },
        anyOf: [{ required: ['zone'] }, { required: ['place'] }],
      }),
    ],
    'with null for the parts of its schema': [
      withSchema({ type: 'object', properties: null, required: null }),
    ],
    'with a field whose name the API refuses': [
      withSchema({ type: 'object', properties: { 'odd name! ♥': { type: 'string' } } }),
    ],
    'whose fields are named like those of a schema': [
      withSchema({
        type: 'object',
        properties: { type: { type: 'string' }, name: {}, cache_control: {}, properties: true },
        required: ['type'],
      }),
    ],
    'whose fields are not in the order of the alphabet': [
      withSchema({ type: 'object', properties: { z: {}, b: {}, a: {} }, required: ['b'] }),
    ],
  },
  'with fields of their own': {
    strict: [{ ...WEATHER_TOOL, strict: true }],
    'not strict': [{ ...WEATHER_TOOL, strict: false }],
    'with examples': [
      { ...WEATHER_TOOL, input_examples: [{ place: 'Ψαρά' }, { place: 'Χίος', unit: 'C' }] },
    ],
    'with eager_input_streaming': [{ ...WEATHER_TOOL, eager_input_streaming: true }],
    'with an unknown field': [{ ...WEATHER_TOOL, a_field_of_tomorrow: { a: null } }],
  },
  'that go with one of the API': {
    'with defer_loading, found by a search': [
      { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' },
      { ...WEATHER_TOOL, defer_loading: true },
    ],
    'with allowed_callers': [
      { type: 'code_execution_20250825', name: 'code_execution' },
      { ...WEATHER_TOOL, allowed_callers: ['code_execution_20250825'] },
    ],
  },
  'with names that mean something here': {
    'one with a name of 64 characters': [named('a_Tool-'.repeat(10).slice(0, 64))],
    'named like the prefix of MCP': [named('mcp__client__get_weather'), named('mcp__other__x')],
    "named like the runtime's own": RUNTIME_NAMES.map(named),
  },
  'named like the one with which the runtime starts agents': {
    'named like the one with which the runtime starts agents': [named('Agent')],
  },
  'named like the one with which the runtime finds tools': {
    'named like the one with which the runtime finds tools': [named('ToolSearch')],
  },
  'in another order than that of their names': {
    'a hundred': Array.from({ length: 100 }, (_, index) => named(`tool_${index}`)),
    'names that differ in case, or sort in another way': [
      'b',
      'B',
      'a',
      'A',
      'a_1',
      'a-1',
      'a10',
      'a2',
    ].map(named),
  },
  'in the order of their names': {
    'a hundred, sorted by name': Array.from({ length: 100 }, (_, index) =>
      named(`tool_${1000 + index}`),
    ),
  },
  'of the API, for the client to run': {
    'the bash tool': [{ type: 'bash_20250124', name: 'bash' }],
    'the text editor': [
      { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool', max_characters: 10_000 },
    ],
    'the computer': [
      {
        type: 'computer_20250124',
        name: 'computer',
        display_width_px: 1024,
        display_height_px: 768,
        display_number: 1,
      },
    ],
    'the memory': [{ type: 'memory_20250818', name: 'memory' }],
    'the tools of a computer': [
      { type: 'computer_toolset_20260801', configs: { zoom: { enabled: false } } },
    ],
  },
  'of the API, for itself to run': {
    'web search': [
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 3,
        allowed_domains: ['example.com'],
        user_location: { type: 'approximate', city: 'Χίος', timezone: 'Europe/Athens' },
      },
    ],
    'web fetch': [
      { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 1, citations: { enabled: true } },
    ],
    'a toolset of a remote MCP server': [
      { type: 'mcp_toolset', mcp_server_name: 'elsewhere', default_config: { enabled: false } },
    ],
    'of an unknown type': [{ type: 'telescope_20300101', name: 'telescope', aperture: 1.5 }],
  },
  'of all sorts': {
    'of all sorts together': [
      { type: 'web_search_20250305', name: 'web_search' },
      { ...WEATHER_TOOL, strict: true },
      { type: 'bash_20250124', name: 'bash' },
      { name: 'ping', input_schema: NOTHING },
      named('Bash'),
      { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
      { ...TIME_TOOL, cache_control: { type: 'ephemeral' } },
    ],
  },
}

/** The tools of all cases in one list, in which the API accepts each name once. */
function inOneList(cases: Record<string, object[]>): { tools: object[]; owners: string[] } {
  const names = new Set<string>()
  const tools: object[] = []
  const owners: string[] = []
  for (const [owner, ofCase] of Object.entries(cases)) {
    for (const tool of ofCase as { name?: string }[]) {
      const isTaken = tool.name !== undefined && names.has(tool.name)
      const own = isTaken ? { ...tool, name: `${tool.name}_${tools.length}` } : tool
      if (own.name !== undefined) names.add(own.name)
      tools.push(own)
      owners.push(owner)
    }
  }
  return { tools, owners }
}

const CHOICES = [
  { type: 'tool', name: 'get_weather' },
  { type: 'auto' },
  { type: 'any' },
  { type: 'none' },
]

describe('tools reach the API unchanged', () => {
  test.each(Object.entries(LISTS))('%s', async (_, cases) => {
    const { tools, owners } = inOneList(cases)
    const exchange = await bench.send({ body: { ...asking('Hello'), tools } })
    expectEachAsSent(exchange, { tools: owners })
  })
})

test('tools stay unchanged with tool_choice, and with other choices in later turns', async () => {
  const [first, ...others] = CHOICES
  const body = { ...asking('Hello'), tools: [WEATHER_TOOL, TIME_TOOL], tool_choice: first }
  let exchange = await expectAsSentInEachLane(bench, { body })
  for (const choice of others) {
    const next = nextTurn(exchange, 'Hello')
    exchange = await bench.send({ body: { ...next.body, tool_choice: choice } })
    // A wrong choice is in the path: `tool_choice.type: sent "any", …`.
    expectAsSent(exchange)
    expect.soft(exchange.lane, choice.type).toBe(laneOf('continue'))
  }
})

test('tools for a model that gets the reminders as a message of their own', async () => {
  const tools = [WEATHER_TOOL, ...RUNTIME_NAMES.map(named), { ...TIME_TOOL, strict: true }]
  await expectAsSentInEachLane(bench, {
    body: { ...asking('Hello'), model: 'claude-opus-5-5', tools },
  })
})

test('tools beside a system prompt, thinking and parameters', async () => {
  const body = {
    ...asking('Hello'),
    system: 'Use a tool.',
    max_tokens: 5000,
    thinking: { type: 'enabled', budget_tokens: 2000 },
    tools: [TIME_TOOL, WEATHER_TOOL],
  }
  await expectAsSentInEachLane(bench, { body })
})

test('a call of a tool that MCP would change comes back to the client', async () => {
  const cases: [string, { name: string; [field: string]: unknown }][] = [
    ['a name of the runtime', { ...TIME_TOOL, name: 'ToolSearch', strict: true }],
    [
      'null for the parts of a schema',
      { ...TIME_TOOL, name: 'odd', strict: true, input_schema: { ...NOTHING, required: null } },
    ],
    ['a long description', { ...TIME_TOOL, name: 'long', description: 'Tells. '.repeat(1000) }],
  ]
  const names = cases.map(([name]) => name)
  // After the question, each case has its call and its result.
  const owners = { tools: names, messages: ['', ...names.flatMap((name) => [name, name])] }
  let request: ClientRequest = {
    body: { ...asking('Hello'), tools: cases.map(([, tool]) => tool) },
  }
  for (const [name, tool] of cases) {
    const id = `toolu_${tool.name}`
    bench.standin.reply(message(toolUseMessage([{ id, name: tool.name, input: {} }])))
    const called = await bench.send(request)
    expectEachAsSent(called, owners)
    expect.soft(called.reply.content, name).toMatchObject([{ id, name: tool.name }])
    request = nextTurn(called, [{ type: 'tool_result', tool_use_id: id, content: '12:00' }])
  }
  const last = await bench.send(request)
  expectEachAsSent(last, owners)
  expect.soft(last.lane).toBe(laneOf('resolve'))
})

// In a conversation that is put in turn by turn the calls lose it: see limits.test.ts.
test.runIf(CARRIER === 'whole')('calls of a toolset keep the name of the set', async () => {
  const tools = [{ type: 'computer_toolset_20260801' }, WEATHER_TOOL]
  const calls = ['left_click', 'screenshot'].map((name, index) => ({
    id: `toolu_of_set_${index}`,
    name,
    input: index === 0 ? { coordinate: [3, 4] } : {},
    toolset_name: 'computer',
  }))
  bench.standin.reply(message(toolUseMessage(calls)))
  const called = await bench.send({
    body: { ...asking('Click.'), model: 'claude-sonnet-5-5', tools },
  })
  expectAsSent(called)
  expect(called.reply.content).toMatchObject(calls)
  const results = calls.map(({ id, toolset_name }) => ({
    type: 'tool_result',
    tool_use_id: id,
    toolset_name,
    content: 'Done.',
  }))
  expectAsSent(await bench.send(nextTurn(called, results)))
})

test('other tools for the same conversation replace the first', async () => {
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'What can you do?' },
  ]
  for (const tools of [[WEATHER_TOOL], [TIME_TOOL], undefined, [WEATHER_TOOL, TIME_TOOL]]) {
    const body = { model: 'claude-sonnet-4-6', messages, ...(tools && { tools }) }
    expectAsSent(await bench.send({ body }))
  }
})
