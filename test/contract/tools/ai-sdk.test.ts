import { createAnthropic } from '@ai-sdk/anthropic'
import { generateText, stepCountIs, streamText, tool } from 'ai'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

const STEPS = 5

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
const log = recordTurns()

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url)
  proxy = await createProxy({
    env: sandbox.env,
    maxProcesses: 1,
    host: '127.0.0.1',
    runtimeReminders: 'keep',
    logger: log.logger,
  })
})

afterAll(async () => {
  await proxy?.close()
  await standin?.close()
  sandbox?.remove()
})

beforeEach(() => {
  standin.reset()
  standin.answer = answerStep
  log.turns.length = 0
})

function answerStep({ body }: MessageRequest): ReturnType<typeof message> {
  const step = body.messages.filter(({ role }) => role === 'assistant').length + 1
  if (step > STEPS) return message(textMessage('All cities are done.'))
  const calls = ['Oslo', 'Rome'].map((city) => ({
    id: `toolu_${city}_${step}`,
    name: 'weather',
    input: { city, day: step },
  }))
  return message(toolUseMessage(calls))
}

function task(ran: string[]) {
  return {
    model: createAnthropic({
      baseURL: 'http://localhost/v1',
      apiKey: 'unused',
      fetch: proxy.fetch,
    })('claude-sonnet-4-6'),
    system: 'You report the weather.',
    prompt: 'Report five days.',
    stopWhen: stepCountIs(STEPS + 5),
    tools: {
      weather: tool({
        description: 'The weather of a day.',
        inputSchema: z.object({ city: z.string(), day: z.number() }),
        execute: ({ city, day }) => {
          ran.push(`${city} ${day}`)
          return { city, day, sky: 'clear' }
        },
      }),
    },
  }
}

test("the AI SDK's generateText finishes a task of many steps with parallel calls", async () => {
  const ran: string[] = []
  const { text, steps } = await generateText(task(ran))

  expect(text).toBe('All cities are done.')
  expect(steps).toHaveLength(STEPS + 1)
  expect(ran).toHaveLength(2 * STEPS)
  expect(standin.messages).toHaveLength(STEPS + 1)
  expect(log.turns.map((turn) => turn.lane)).toEqual([
    'open',
    ...Array.from({ length: STEPS }, () => 'resolve'),
  ])
})

test("the AI SDK's streamText does the same", async () => {
  const ran: string[] = []
  const result = streamText(task(ran))
  let text = ''
  for await (const delta of result.textStream) text += delta

  expect(text).toBe('All cities are done.')
  expect(ran).toHaveLength(2 * STEPS)
  expect(standin.messages).toHaveLength(STEPS + 1)
})
