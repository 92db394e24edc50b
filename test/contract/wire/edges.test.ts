import { afterAll, beforeAll, expect, test } from 'vitest'

import { MAX_DEPTH } from '../../../src/api/json-limits.ts'
import { type Bench, expectAsSentInEachLane, startBench } from './bench.ts'
import { call, conversation, WEATHER_TOOL } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

/** A tool call, its result, and all other places that a client may fill, each with a value. */
function around(name: string, value: unknown): Record<string, unknown> {
  return {
    ...conversation(
      'Look.',
      [call('toolu_01', name, { value })],
      [{ type: 'tool_result', tool_use_id: 'toolu_01', content: 'seen' }],
      'And?',
      'Go on.',
    ),
    tools: [{ ...WEATHER_TOOL, name, input_schema: { type: 'object', properties: { value } } }],
    a_field_of_tomorrow: { value },
  }
}

const HOSTILE = JSON.parse(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":"x","":0,"then":null}',
) as unknown

test.each([
  ['fields that mean something to JavaScript', 'look', HOSTILE],
  ['a tool called constructor', 'constructor', {}],
  ['a tool called __proto__', '__proto__', {}],
  ['a tool called toString', 'toString', {}],
  ['numbers at their edges', 'look', [0, 5e-324, 1.7976931348623157e308, -(2 ** 53), 1e21, 1e-7]],
  [
    'characters at their edges',
    'look',
    ['\u0000', '\uFFFF', '\u2028\u2029', '\u{10FFFF}', '\uFEFF'],
  ],
  ['a value as deep as it may be', 'look', nested(MAX_DEPTH - 20)],
  ['many values', 'look', Array.from({ length: 20_000 }, (_, index) => index)],
])('%s reach the API', async (_name, tool, value) => {
  await expectAsSentInEachLane(bench, { body: around(tool, value) })
})

test('a text of NUL and other control characters reaches the API', async () => {
  const text = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('.')
  await expectAsSentInEachLane(bench, { body: { ...conversation(text, text, text), system: text } })
})

test('nesting one level beyond the limit is refused', async () => {
  const body = { ...conversation('Hello'), deep: nested(MAX_DEPTH) }
  expect(await bench.sendRefused({ body })).toMatchObject({
    status: 400,
    error: { type: 'invalid_request_error', message: expect.stringContaining('nested') },
  })
})

/*
 * With the first, the runtime drops the whole body and sends the one that it was told before: the
 * conversation of another client. The second replaces its list of betas.
 */
test.each(['program_use_case_id', 'betas'])(
  'a field that the runtime takes for itself is refused: %s',
  async (field) => {
    await bench.send({ body: { ...conversation('Of another client.'), temperature: 0.5 } })
    const body = { ...conversation('Hello'), [field]: ['x'] }
    expect(await bench.sendRefused({ body })).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', message: expect.stringContaining(`${field}: `) },
    })
  },
)

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth))
}
