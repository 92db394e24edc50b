import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { createFold } from '../../../src/stream/fold.ts'
import {
  type ChatReply,
  type Client,
  type OutputItem,
  type Reply,
  replyFor,
} from '../../fixtures/clients/client.ts'
import { CLIENTS } from '../../fixtures/clients/index.ts'
import { message } from '../../support/answers.ts'
import { parseEvents, withoutPings } from '../../support/compare-events.ts'
import { wireDifferences } from '../../support/wire.ts'
import { type OpenaiBench, startOpenaiBench } from '../openai/bench.ts'

/*
 * Agents send the whole conversation with each step, with cache marks that move and with defaults
 * that they fill in. Only the first step may cost a whole opening.
 */

let bench: OpenaiBench

beforeAll(async () => {
  // A process keeps its first list of betas for a model, and the clients have five such lists.
  bench = await startOpenaiBench({ maxProcesses: 5 })
})
afterAll(() => bench?.close())
beforeEach(() => {
  bench.standin.reset()
  bench.lanes()
})

/** A step for an existing process; a call that the client changed is cut off first. */
const GOES_ON = ['resolve', 'continue', 'rewind']

/**
 * Steps that still need an opening. Claude Code returns an Edit with a default filled in, and its
 * version goes to the API. But the runtime does not cut between a call and its result
 * (`target_splits_tool_call`), so an Edit in the middle of a turn is cut off at the turn's
 * beginning.
 */
const OPENED: Record<string, number[]> = { 'Claude Code': [2] }

/**
 * Fields that the runtime does not send on: see `limits.test.ts` of the wire. It sends no system message
 * without content either.
 */
const NOT_SENT =
  /^anthropic-beta: (?:mid-conversation-tool-changes-2026-07-01|inline-tools-2026-09-15) was sent/

/** The runtime adds its reminders to these in another place; one client of each dialect shows it. */
const WITH_OLDER_MODEL = ['Claude Code', 'Qwen Code', 'Codex']

const CASES = CLIENTS.flatMap((client) => [
  { client, name: client.name, model: 'claude-sonnet-5-5' },
  ...(WITH_OLDER_MODEL.includes(client.name)
    ? [{ client, name: client.name, model: 'claude-sonnet-4-6' }]
    : []),
])

test.each(CASES)('$name with $model', async ({ client, model }) => {
  const steps = await play(client, model)

  expect(steps.map(({ asked }) => asked)).toEqual(client.script.map(() => 1))
  const lanes = steps.map(({ lane }) => lane)
  const opened = lanes.flatMap((lane, step) => (GOES_ON.includes(lane) ? [] : [step]))
  expect(opened, lanes.join(', ')).toEqual([0, ...(OPENED[client.name] ?? [])])
  const differences = steps.flatMap((step) => step.differences)
  expect(differences.filter((line) => !NOT_SENT.test(line))).toEqual([])
})

type Step = { lane: string; asked: number; differences: string[] }

/** Plays a client's task to its end; each reply must be the API's. */
async function play(client: Client, model: string): Promise<Step[]> {
  const task = { model, prompt: `Let it say Hello (${client.name}, ${model}).` }
  const id = `toolu_${client.name.replaceAll(' ', '')}_${model}`
  const replies: Reply[] = []
  const steps: Step[] = []
  for (const [index, turn] of client.script.entries()) {
    bench.standin.reset()
    bench.standin.reply(message(replyFor(turn, `${id}_${index}`)))
    const { headers, body } = client.request(task, replies)
    const response = await bench.send(client.path, body, { headers: headers ?? {} })
    const text = await response.text()
    expect(response.status, text).toBe(200)
    replies.push(READERS[client.path](text))
    const [wire] = bench.standin.messages
    const betas = headers?.['anthropic-beta']?.split(',')
    steps.push({
      lane: bench.lanes().join(),
      asked: bench.standin.messages.length,
      differences:
        client.path === '/v1/messages' && wire
          ? wireDifferences(
              { body: withoutMarks(withContent(body)), ...(betas && { betas }) },
              {
                ...wire,
                body: withoutMarks(wire.body),
              },
            )
          : [],
    })
  }
  return steps
}

const READERS: Record<Client['path'], (stream: string) => Reply> = {
  '/v1/messages': readMessage,
  '/v1/chat/completions': readChat,
  '/v1/responses': readResponse,
}

function readMessage(stream: string): Reply {
  const fold = createFold()
  for (const event of withoutPings(parseEvents(stream))) fold.push(event)
  return fold.message() as Reply
}

function readChat(stream: string): ChatReply {
  const reply: ChatReply = { content: '', reasoning_content: '', tool_calls: [] }
  for (const [, data = ''] of stream.matchAll(/^data: (\{.*)$/gm)) {
    const { choices } = JSON.parse(data) as { choices: { delta: ChatDelta }[] }
    const delta = choices[0]?.delta
    reply.content += delta?.content ?? ''
    reply.reasoning_content += delta?.reasoning_content ?? ''
    for (const part of delta?.tool_calls ?? []) {
      const { name = '', arguments: json = '' } = part.function ?? {}
      const call = (reply.tool_calls[part.index] ??= {
        id: part.id ?? '',
        type: 'function',
        function: { name, arguments: '' },
      })
      call.function.arguments += json
    }
  }
  return reply
}

type ChatDelta = {
  content?: string | null
  reasoning_content?: string | null
  tool_calls?: {
    index: number
    id?: string
    function?: { name?: string; arguments?: string }
  }[]
}

function readResponse(stream: string): Reply {
  const events = [...stream.matchAll(/^data: (\{.*)$/gm)].map(
    ([, data = '']) => JSON.parse(data) as { type: string; response?: { output: OutputItem[] } },
  )
  const completed = events.find(({ type }) => type === 'response.completed')
  if (completed?.response === undefined) throw new Error(`No whole response: ${stream}`)
  return completed.response
}

/**
 * A client's cache mark is on the wire only if the runtime can carry it, and not in a step like
 * these.
 */
function withContent<Body extends { messages?: unknown }>(body: Body): Body {
  if (!Array.isArray(body.messages)) return body
  const messages = body.messages as { content?: unknown[] }[]
  return { ...body, messages: messages.filter(({ content }) => content?.length !== 0) }
}

function withoutMarks<Part>(part: Part): Part {
  if (Array.isArray(part)) return part.map(withoutMarks) as Part
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).filter(([name]) => name !== 'cache_control')
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutMarks(value)])) as Part
}
