import type { MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { message } from '../../support/answers.ts'
import { assistantMessage, textBlock, textMessage, toolUseMessage } from '../../support/messages.ts'
import { type OfficialBench, startOfficialBench } from './official.ts'

const WEATHER: Tool = {
  name: 'weather',
  description: 'The weather of a city.',
  input_schema: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { anyOf: [{ const: 'C' }, { const: 'F' }] } },
    required: ['city'],
    additionalProperties: false,
  },
}

const CALLS = assistantMessage(
  [
    textBlock('I look at both.'),
    ...toolUseMessage([
      { id: 'toolu_made_up_1', name: 'weather', input: { city: 'Paris' } },
      { id: 'toolu_made_up_2', name: 'weather', input: { city: 'Oslo', unit: 'C' } },
    ]).content,
  ],
  { stop_reason: 'tool_use' },
)

const RESULTS: MessageParam = {
  role: 'user',
  content: [
    { type: 'tool_result', tool_use_id: 'toolu_made_up_1', content: 'Sunny.' },
    { type: 'tool_result', tool_use_id: 'toolu_made_up_2', content: 'No data.', is_error: true },
  ],
}

let bench: OfficialBench

beforeAll(async () => {
  bench = await startOfficialBench('over a socket')
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench.close())

describe.each([{ streamed: true }, { streamed: false }])(
  'tool calls and their results (streamed: $streamed)',
  ({ streamed }) => {
    const ask = (asked: Asked) =>
      streamed
        ? bench.client.messages.stream(asked).finalMessage()
        : bench.client.messages.create(asked)

    test('continue in the process that waits for the results', async () => {
      const asked = question(`How is it there (${streamed})?`)
      bench.standin.reply(message(CALLS))
      const called = await ask(asked)
      expect(called).toMatchObject(CALLS)
      expect(bench.differences()).toEqual([])

      bench.standin.reply(message(textMessage('Sunny in Paris.')))
      const answered = await ask(answerTo(asked, called.content))

      expect(answered.content).toMatchObject([textBlock('Sunny in Paris.')])
      expect(bench.turns.at(-1)?.lane).toBe('resolve')
      expect(bench.differences()).toEqual([])
      expect(bench.standin.messages).toHaveLength(2)
    })

    test('are replayed if no process waits', async () => {
      const asked = question(`And now (${streamed})?`)
      bench.standin.reply(message(textMessage('Sunny in Paris.')))

      const answered = await ask(answerTo(asked, CALLS.content))

      expect(answered.content).toMatchObject([textBlock('Sunny in Paris.')])
      expect(bench.turns.at(-1)?.lane).toBe('open')
      expect(bench.differences()).toEqual([])
      expect(bench.standin.messages).toHaveLength(1)
    })
  },
)

test('a tool runner of the client completes all its steps', async () => {
  const inputs: unknown[] = []
  bench.standin.answer = (_, index) =>
    message(index === 0 ? { ...CALLS } : textMessage('Both are known.'))

  const final = await bench.client.beta.messages.toolRunner({
    ...question('Run it.'),
    tools: [
      {
        ...WEATHER,
        run: (input: unknown) => {
          inputs.push(input)
          return 'Sunny.'
        },
        parse: (input: unknown) => input,
      },
    ],
  })

  expect(inputs).toEqual([{ city: 'Paris' }, { city: 'Oslo', unit: 'C' }])
  expect(final.content).toMatchObject([{ type: 'text', text: 'Both are known.' }])
  expect(bench.turns.at(-1)?.lane).toBe('resolve')
  expect(bench.standin.messages).toHaveLength(2)
})

type Asked = ReturnType<typeof question>

function question(content: string) {
  const messages: MessageParam[] = [{ role: 'user', content }]
  return { model: 'claude-sonnet-4-6', max_tokens: 1000, tools: [WEATHER], messages }
}

function answerTo(asked: Asked, content: typeof CALLS.content): Asked {
  return { ...asked, messages: [...asked.messages, { role: 'assistant', content }, RESULTS] }
}
