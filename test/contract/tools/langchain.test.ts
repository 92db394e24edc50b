import { ChatAnthropic } from '@langchain/anthropic'
import { type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

import { message } from '../../support/answers.ts'
import { type Bench, startBench } from '../../support/compare-bench.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'

const STEPS = 2

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.close())

const weather = tool(({ city }) => `Clear in ${city}.`, {
  name: 'weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.string() }),
})

test.each([{ streaming: false }, { streaming: true }])(
  'ChatAnthropic finishes a loop of tool calls (streaming: $streaming)',
  async ({ streaming }) => {
    bench.standin.reset()
    bench.standin.answer = ({ body }) => {
      const step = body.messages.filter(({ role }) => role === 'assistant').length + 1
      if (step > STEPS) return message(textMessage('All is clear.'))
      const input = { city: `City ${step}` }
      return message(toolUseMessage([{ id: `toolu_${step}`, name: 'weather', input }]))
    }
    const model = new ChatAnthropic({
      model: 'claude-sonnet-4-6',
      apiKey: 'not needed',
      maxRetries: 0,
      streaming,
      clientOptions: { fetch: bench.proxy.fetch, baseURL: 'http://localhost' },
    }).bindTools([weather])
    const messages: BaseMessage[] = [new HumanMessage(`Report (${streaming}).`)]
    for (;;) {
      const answer = await model.invoke(messages)
      messages.push(answer)
      if (!answer.tool_calls?.length) break
      for (const call of answer.tool_calls) {
        const result: unknown = await weather.invoke(call)
        if (!(result instanceof ToolMessage)) throw new Error('Not the result of a call.')
        messages.push(result)
      }
    }
    expect(messages.at(-1)?.text).toBe('All is clear.')
    expect(bench.standin.messages).toHaveLength(STEPS + 1)
  },
)
