import { createOpenAI } from '@ai-sdk/openai'
import {
  Agent,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
  tool,
} from '@openai/agents'
import { generateText, Output, stepCountIs, streamText, tool as aiTool } from 'ai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { message } from '../../support/answers.ts'
import { assistantMessage, textBlock, toolUseMessage } from '../../support/messages.ts'
import type { MessageRequest } from '../../support/standin.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'

let bench: OpenaiBench

beforeAll(async () => {
  // Traces would go to OpenAI.
  setTracingDisabled(true)
  bench = await startOpenaiBench()
})
afterAll(() => bench?.close())
beforeEach(() => {
  bench.standin.reset()
  bench.standin.answer = answerStep
  bench.lanes()
})

/** Hands off if it can, asks for the weather of two cities, thinks, and then reports. */
function answerStep({ body }: MessageRequest): ReturnType<typeof message> {
  const conversation = JSON.stringify(body.messages)
  const names = (body.tools ?? []).map((one) => ('name' in one ? one.name : undefined))
  if (names.includes('transfer_to_Reporter')) {
    const call = { id: 'toolu_handoff', name: 'transfer_to_Reporter', input: {} }
    return message(toolUseMessage([call]))
  }
  if (!conversation.includes('Clear in')) {
    const calls = ['Oslo', 'Rome'].map((city) => ({
      id: `toolu_${city}`,
      name: 'weather',
      input: { city },
    }))
    const thinking = { type: 'thinking' as const, thinking: 'Two cities.', signature: 'c2lnbmVk' }
    return message(
      assistantMessage([thinking, ...toolUseMessage(calls).content], { stop_reason: 'tool_use' }),
    )
  }
  return message(assistantMessage([textBlock('{"sky":"clear","cities":2}')]))
}

const REPORT = z.object({ sky: z.string(), cities: z.number() })

function agents(kind: 'chat' | 'responses') {
  const model =
    kind === 'chat'
      ? new OpenAIChatCompletionsModel(bench.client, MODEL)
      : new OpenAIResponsesModel(bench.client, MODEL)
  const ran: string[] = []
  const weather = tool({
    name: 'weather',
    description: 'The weather of a city.',
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => {
      ran.push(city)
      return `Clear in ${city}.`
    },
  })
  const reporter = new Agent({
    name: 'Reporter',
    instructions: `Report the weather (${kind}).`,
    model,
    tools: [weather],
    outputType: REPORT,
  })
  const triage = Agent.create({
    name: 'Triage',
    instructions: `Hand off (${kind}).`,
    model,
    handoffs: [reporter],
  })
  return { triage, ran }
}

describe.each(['chat', 'responses'] as const)('an agent of OpenAI over %s', (kind) => {
  test('hands off, runs tools, and reports as structured output', async () => {
    const { triage, ran } = agents(kind)
    const result = await run(triage, 'How is the weather?')
    expect(result.finalOutput).toEqual({ sky: 'clear', cities: 2 })
    expect(result.lastAgent?.name).toBe('Reporter')
    expect(ran).toEqual(['Oslo', 'Rome'])
    expect(bench.standin.messages).toHaveLength(3)
    expect(bench.lanes().at(-1)).toBe('resolve')
  })

  test('does the same with streams', async () => {
    const { triage, ran } = agents(kind)
    const result = await run(triage, 'How is the weather, streaming?', { stream: true })
    const seen = new Set<string>()
    for await (const event of result) seen.add(event.type)
    await result.completed
    expect(result.finalOutput).toEqual({ sky: 'clear', cities: 2 })
    expect(seen).toContain('raw_model_stream_event')
    expect(ran).toEqual(['Oslo', 'Rome'])
    expect(bench.standin.messages).toHaveLength(3)
  })
})

function aiSdkTask() {
  const provider = createOpenAI({
    baseURL: 'http://localhost/v1',
    apiKey: 'not needed',
    fetch: bench.proxy.fetch,
  })
  const ran: string[] = []
  const weather = aiTool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => {
      ran.push(city)
      return `Clear in ${city}.`
    },
  })
  const settings = {
    model: provider.responses(MODEL),
    stopWhen: stepCountIs(4),
    tools: { weather },
    output: Output.object({ schema: REPORT }),
  }
  return { settings, ran }
}

describe('the AI SDK over responses', () => {
  test('finishes a task, and reports as structured output', async () => {
    const { settings, ran } = aiSdkTask()
    const { output, steps } = await generateText({ ...settings, prompt: 'How is the weather?' })
    expect(output).toEqual({ sky: 'clear', cities: 2 })
    expect(steps).toHaveLength(2)
    expect(ran).toEqual(['Oslo', 'Rome'])
    expect(bench.lanes()).toEqual(['open', 'resolve'])
  })

  test('does the same with streams', async () => {
    const { settings, ran } = aiSdkTask()
    const result = streamText({ ...settings, prompt: 'How is the weather, streaming?' })
    const seen = new Set<string>()
    for await (const part of result.fullStream) seen.add(part.type)
    expect(await result.output).toEqual({ sky: 'clear', cities: 2 })
    expect([...seen]).toEqual(
      expect.arrayContaining(['reasoning-delta', 'tool-call', 'tool-result', 'text-delta']),
    )
    expect(ran).toEqual(['Oslo', 'Rome'])
    expect(bench.standin.messages).toHaveLength(2)
  })
})
