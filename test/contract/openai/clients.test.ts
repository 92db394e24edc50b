import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  type AIMessageChunk,
  HumanMessage,
  type BaseMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { tool as langchainTool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { message } from '../../support/answers.ts'
import { assistantMessage, textBlock, toolUseMessage } from '../../support/messages.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { BOUND_SIGNATURE } from '../../support/signing.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'

const STEPS = 3

let bench: OpenaiBench

beforeAll(async () => {
  bench = await startOpenaiBench()
})
afterAll(() => bench?.close())
beforeEach(() => {
  bench.standin.reset()
  bench.standin.answer = answerStep
  bench.lanes()
})

/** Thinks, writes a text and calls two tools in each step; the last step has the answer. */
function answerStep({ body }: MessageRequest): ReturnType<typeof message> {
  const step = body.messages.filter(({ role }) => role === 'assistant').length + 1
  if (step > STEPS) return message(assistantMessage([textBlock('All cities are done.')]))
  const calls = ['Oslo', 'Rome'].map((city) => ({
    id: `toolu_${city}_${step}`,
    name: 'weather',
    input: { city, day: step },
  }))
  const thinking = { type: 'thinking' as const, thinking: `Day ${step}.`, signature: 'c2lnbmVk' }
  const content = [thinking, textBlock(`I ask for day ${step}.`), ...toolUseMessage(calls).content]
  return message(assistantMessage(content, { stop_reason: 'tool_use' }))
}

const WEATHER = z.object({ city: z.string(), day: z.number() })
const IN_ONE_PROCESS = ['open', 'resolve', 'resolve', 'resolve']

/** Expects that each thought was sent upstream again, with its signature. */
function expectThoughtsKept(): void {
  const { messages = [] } = bench.standin.messages.at(-1)?.body ?? {}
  const thoughts = messages
    .filter(({ role }) => role === 'assistant')
    .map(({ content }) => (typeof content === 'string' ? content : content[0]))
  expect(thoughts).toMatchObject(
    [1, 2, 3].map((day) => ({
      type: 'thinking',
      thinking: `Day ${day}.`,
      signature: expect.stringMatching(BOUND_SIGNATURE),
    })),
  )
}

function task(prompt: string, ran: string[]) {
  const provider = createOpenAICompatible({
    name: 'proxy',
    baseURL: 'http://localhost/v1',
    fetch: bench.proxy.fetch,
    includeUsage: true,
  })
  return {
    model: provider(MODEL),
    system: 'You report the weather.',
    prompt,
    stopWhen: stepCountIs(STEPS + 2),
    tools: {
      weather: tool({
        description: 'The weather of a day.',
        inputSchema: WEATHER,
        execute: ({ city, day }) => {
          ran.push(`${city} ${day}`)
          return { city, day, sky: 'clear' }
        },
      }),
    },
  }
}

const weather = langchainTool(({ city, day }) => `Clear in ${city} on day ${day}.`, {
  name: 'weather',
  description: 'The weather of a day.',
  schema: WEATHER,
})

function model(streaming: boolean) {
  return new ChatOpenAI({
    model: MODEL,
    apiKey: 'not needed',
    maxRetries: 0,
    streaming,
    useResponsesApi: false,
    configuration: { baseURL: 'http://localhost/v1', fetch: bench.proxy.fetch },
  })
}

/**
 * Sends a request with or without a stream. (`invoke` of a streaming model would download a
 * tokenizer.)
 */
async function answerOf(
  asked: { invoke: Invoke<AIMessageChunk>; stream: Invoke<AsyncIterable<AIMessageChunk>> },
  messages: BaseMessage[],
  streaming: boolean,
): Promise<AIMessageChunk> {
  if (!streaming) return asked.invoke(messages)
  let whole: AIMessageChunk | undefined
  for await (const chunk of await asked.stream(messages)) {
    whole = whole === undefined ? chunk : whole.concat(chunk)
  }
  if (whole === undefined) throw new Error('Nothing was streamed.')
  return whole
}

type Invoke<Result> = (messages: BaseMessage[]) => Promise<Result>

describe('the AI SDK', () => {
  test('finishes a task of several steps', async () => {
    const ran: string[] = []
    const { text, steps, totalUsage } = await generateText(task('Report.', ran))
    expect(text).toBe('All cities are done.')
    expect(steps[0]?.reasoningText).toBe('Day 1.')
    expect(ran).toHaveLength(2 * STEPS)
    expect(totalUsage).toMatchObject({ inputTokens: 67 * 4, outputTokens: 55 * 4 })
    expect(bench.lanes()).toEqual(IN_ONE_PROCESS)
    expectThoughtsKept()
  })

  test('does the same with streams', async () => {
    const ran: string[] = []
    const result = streamText(task('Report, streaming.', ran))
    let text = ''
    for await (const delta of result.textStream) text += delta
    expect(text).toContain('All cities are done.')
    expect((await result.steps)[0]?.reasoningText).toBe('Day 1.')
    expect((await result.totalUsage).inputTokens).toBe(67 * 4)
    expect(ran).toHaveLength(2 * STEPS)
    expect(bench.lanes()).toEqual(IN_ONE_PROCESS)
    expectThoughtsKept()
  })
})

describe('LangChain', () => {
  test.each([{ streaming: false }, { streaming: true }])(
    'finishes a loop of tool calls (streaming: $streaming)',
    async ({ streaming }) => {
      const bound = model(streaming).bindTools([weather])
      const messages: BaseMessage[] = [new HumanMessage(`Report (${streaming}).`)]
      let calls = 0
      for (;;) {
        const answer = await answerOf(bound, messages, streaming)
        messages.push(answer)
        if (!answer.tool_calls?.length) break
        for (const call of answer.tool_calls) {
          const result: unknown = await weather.invoke(call)
          if (!(result instanceof ToolMessage)) throw new Error('Not the result of a call.')
          messages.push(result)
          calls += 1
        }
      }
      expect(messages.at(-1)?.content).toBe('All cities are done.')
      expect(calls).toBe(2 * STEPS)
      expect(bench.lanes()).toEqual(IN_ONE_PROCESS)
      expectThoughtsKept()
    },
  )

  test('streams a chat', async () => {
    bench.standin.answer = () => message(assistantMessage([textBlock('Good day to you.')]))
    const whole = await answerOf(model(true), [new HumanMessage('Greet me.')], true)
    expect(whole.content).toBe('Good day to you.')
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 67, output_tokens: 55 })
  })

  test('gets structured output', async () => {
    bench.standin.answer = () => message(assistantMessage([textBlock('{"city":"Oslo","day":2}')]))
    const asked = model(false).withStructuredOutput(WEATHER, { method: 'jsonSchema' })
    expect(await asked.invoke('Where?')).toEqual({ city: 'Oslo', day: 2 })
  })
})
