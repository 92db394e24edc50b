import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import type { ContentBlockParam, MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { createProxy, type Proxy } from '../../../src/proxy.ts'
import { message } from '../../support/answers.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { makeSandbox, type Sandbox } from '../../support/sandbox.ts'
import { type MessageRequest, type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

/** Of one loop. */
const STEPS = 8
const MODEL = 'claude-sonnet-4-6'

const TOOLS: Tool[] = [
  {
    name: 'add',
    description: 'Adds two numbers.',
    input_schema: {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'integer' } },
      required: ['a', 'b'],
    },
  },
  {
    name: 'note',
    description: 'Keeps a note.',
    input_schema: { type: 'object', properties: { text: { type: 'string' } } },
  },
]

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let client: Anthropic
const log = recordTurns()

beforeAll(async () => {
  standin = await startStandin()
  standin.answer = answerStep
  sandbox = makeSandbox(standin.url)
  proxy = await createProxy({
    env: sandbox.env,
    host: '127.0.0.1',
    maxProcesses: 3,
    runtimeReminders: 'keep',
    logger: log.logger,
  })
  client = new Anthropic({ fetch: proxy.fetch, apiKey: 'unused', maxRetries: 0 })
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

/** Plays a task of many steps: the conversation itself shows which one is due. */
function answerStep(request: MessageRequest): ReturnType<typeof message> {
  const step = request.body.messages.filter(({ role }) => role === 'assistant').length + 1
  const task = taskOf(request)
  if (step > STEPS) return message(textMessage(`${task} is finished.`))
  const first = { id: `toolu_${task}_${step}_a`, name: 'add', input: { a: step, b: 1 } }
  const second = { id: `toolu_${task}_${step}_b`, name: 'note', input: { text: `step ${step}` } }
  const third = { id: `toolu_${task}_${step}_c`, name: 'add', input: { a: step, b: 2 } }
  // One, two or three calls at once.
  return message(toolUseMessage([first, second, third].slice(0, 1 + (step % 3))))
}

function taskOf(request: MessageRequest): string {
  return /task (\w+)/.exec(JSON.stringify(request.body.messages[0]))?.[1] ?? 'none'
}

function runTool(name: string, input: unknown): string {
  const { a, b, text } = input as { a: number; b: number; text: string }
  return name === 'add' ? String(a + b) : `noted: ${text}`
}

/** A loop as anyone would write it; returns the conversation at its end. */
async function runLoop(
  task: string,
  tools: Tool[] = TOOLS,
): Promise<{ messages: MessageParam[]; text: string }> {
  const messages: MessageParam[] = [{ role: 'user', content: `Do task ${task}.` }]
  for (;;) {
    const reply = await client.messages.create({ model: MODEL, max_tokens: 500, tools, messages })
    messages.push({ role: 'assistant', content: reply.content })
    const results: ContentBlockParam[] = reply.content
      .filter((block) => block.type === 'tool_use')
      .map(({ id, name, input }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: runTool(name, input),
      }))
    if (results.length === 0) {
      const [block] = reply.content
      return { messages, text: block?.type === 'text' ? block.text : '' }
    }
    messages.push({ role: 'user', content: results })
  }
}

/** The messages upstream, with texts as blocks and without the runtime's additions. */
function saidOnWire(request: MessageRequest | undefined): unknown[] {
  return (request?.body.messages ?? []).map(({ role, content }) => ({
    role,
    content: asBlocks(content).map(plain),
  }))
}

function asBlocks(content: unknown): Record<string, unknown>[] {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content
  return (blocks as Record<string, unknown>[]).filter(
    ({ text }) => typeof text !== 'string' || !text.startsWith('<system-reminder>'),
  )
}

/** A kept process leaves out a `caller` with the default value. */
function plain(said: Record<string, unknown>): unknown {
  const { caller, content, ...others } = said
  delete others['cache_control']
  const isDirect = JSON.stringify(caller) === '{"type":"direct"}'
  const block = caller === undefined || isDirect ? others : { ...others, caller }
  return content === undefined ? block : { ...block, content: asBlocks(content) }
}

describe('an agent that calls tools', () => {
  test('all steps of a hand-written loop: each is one request, resolved in the held process', async () => {
    const { messages, text } = await runLoop('alpha')

    expect(text).toBe('alpha is finished.')
    expect(standin.messages).toHaveLength(STEPS + 1)
    expect(log.turns.map((turn) => turn.lane)).toEqual([
      'open',
      ...Array.from({ length: STEPS }, () => 'resolve'),
    ])
    standin.messages.forEach((request, index) => {
      const conversation = messages.slice(0, 1 + 2 * index)
      expect(saidOnWire(request)).toEqual(
        conversation.map(({ role, content }) => ({ role, content: asBlocks(content).map(plain) })),
      )
      expect(request.body.tools).toEqual(TOOLS)
    })
  })

  test("the official client's tool runner finishes the same task", async () => {
    const ran: string[] = []
    const tools = TOOLS.map(({ name, description = '' }) =>
      betaTool({
        name,
        description,
        inputSchema: { type: 'object' },
        run: (input) => {
          ran.push(name)
          return runTool(name, input)
        },
      }),
    )
    const final = await client.beta.messages.toolRunner({
      model: MODEL,
      max_tokens: 500,
      tools,
      messages: [{ role: 'user', content: 'Do task runner.' }],
    })

    expect(final.content).toMatchObject([{ type: 'text', text: 'runner is finished.' }])
    expect(standin.messages).toHaveLength(STEPS + 1)
    expect(ran.length).toBeGreaterThan(STEPS)
    // The client requests a thread first, which is refused without a process.
    const served = log.turns.filter((turn) => turn.lane !== 'none')
    expect(served.slice(1).every((turn) => turn.lane === 'resolve')).toBe(true)
  })

  test('three loops at once do not affect each other', async () => {
    const tasks = ['a', 'b', 'c'].map((name) => `many${name}`)
    const done = await Promise.all(tasks.map((task) => runLoop(task)))

    expect(done.map(({ text }) => text)).toEqual(tasks.map((task) => `${task} is finished.`))
    expect(standin.messages).toHaveLength(tasks.length * (STEPS + 1))
    for (const { messages } of done) {
      const task = /task (\w+)/.exec(JSON.stringify(messages[0]))?.[1]
      const ids = JSON.stringify(messages).match(/toolu_many\w/g) ?? []
      expect(new Set(ids)).toEqual(new Set([`toolu_${task}`]))
    }
  })
})
