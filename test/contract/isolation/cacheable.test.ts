import type { ContentBlock } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { message } from '../../support/answers.ts'
import { asking } from '../../support/compare-bench.ts'
import { assistantMessage, textBlock, toolUseMessage } from '../../support/messages.ts'
import { CARRIER } from '../../support/carrier.ts'
import { cacheBreak } from '../../support/prefix.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { type Bench, openBench } from '../lifecycle/bench.ts'

/*
 * The request of a turn begins with the request of the turn before, whichever lane it took.
 * Otherwise the API's prompt cache is missed, and thoughts that are bound to the text before them
 * are refused.
 */

const TOOL = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } }

let bench: Bench
let other: Bench | undefined

beforeAll(async () => {
  // Only one process, so that another turn takes it away.
  bench = await openBench({ maxProcesses: 1 })
})
afterAll(async () => {
  await other?.remove()
  await bench?.remove()
})
beforeEach(() => bench.standin.reset())

type Turn = { role: string; content: unknown }
type Wire = Record<string, unknown>
/** A conversation so far, with its requests upstream. */
type Begun = {
  request: Record<string, unknown> & { messages: Turn[] }
  reply: ContentBlock[]
  wires: Wire[]
}

const THOUGHT: ContentBlock = { type: 'thinking', thinking: 'Hm.', signature: 'made-up' }

let count = 0

/** A conversation of two turns. */
async function begin(fields: Record<string, unknown>, isCalling = false): Promise<Begun> {
  count += 1
  const thinks = 'thinking' in fields
  const call = toolUseMessage([{ id: `toolu_${count}`, name: 'look', input: {} }])
  const replies = [
    assistantMessage([...(thinks ? [THOUGHT] : []), textBlock('First.')]),
    isCalling
      ? { ...call, content: [...(thinks ? [THOUGHT] : []), ...call.content] }
      : assistantMessage([...(thinks ? [THOUGHT] : []), textBlock('Second.')]),
  ]
  for (const reply of replies) bench.standin.reply(message(reply))
  return goOn(
    await ask(asking(`Tell me of ${count}.`, { max_tokens: 4000, ...fields })),
    'And more?',
  )
}

/** @param content the next turn of the client */
async function goOn(begun: Begun, content: unknown, on = bench): Promise<Begun> {
  const messages = [
    ...begun.request.messages,
    { role: 'assistant', content: begun.reply },
    { role: 'user', content },
  ]
  const next = await ask({ ...begun.request, messages }, on)
  return { ...next, wires: [...begun.wires, ...next.wires] }
}

async function ask(request: Begun['request'], on = bench): Promise<Begun> {
  const before = on.standin.messages.length
  const { status, body } = await on.ask(request)
  expect(status, JSON.stringify(body)).toBe(200)
  const wires = on.standin.messages.slice(before).map((asked): Wire => asked.body)
  return { request, reply: body.content, wires }
}

async function ownProcessIsGone(): Promise<void> {
  const pids = bench.runtimes()
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await waitUntilGone(pids)
}

const THINKING: Record<string, object> = {
  'claude-sonnet-4-6': { thinking: { type: 'enabled', budget_tokens: 1024 } },
  'claude-sonnet-5-5': { thinking: { type: 'adaptive' } },
  'claude-opus-5-5': { thinking: { type: 'adaptive' } },
  'claude-haiku-5-5': { thinking: { type: 'adaptive' } },
}

type Conversation = { name: string; fields: Record<string, unknown>; isCalling: boolean }

const CONVERSATIONS = Object.entries(THINKING).flatMap(([model, thinking]): Conversation[] => {
  const plain = { model, ...thinking, system: 'Be brief.' }
  const fields = { ...plain, tools: [TOOL] }
  const simple = { name: model, fields, isCalling: false }
  // The runtime adds its reminders to a message of the user, or for newer models as their own.
  if (!['claude-sonnet-4-6', 'claude-opus-5-5'].includes(model)) return [simple]
  return [
    simple,
    { name: `${model} without tools`, fields: plain, isCalling: false },
    { name: `${model} with results`, fields, isCalling: true },
  ]
})

const begun = new Map<string, Begun>()

/** The conversation up to its second turn. Each test continues it in its own way. */
async function begunOf({ name, fields, isCalling }: Conversation): Promise<Begun> {
  const known = begun.get(name)
  if (known !== undefined) return known
  const first = await begin(fields, isCalling)
  begun.set(name, first)
  return first
}

/** Takes the third turn. */
async function goOnFrom(first: Begun, prompt: string): Promise<Begun> {
  const call = first.reply.find((block) => block.type === 'tool_use')
  return goOn(
    first,
    call ? [{ type: 'tool_result', tool_use_id: call.id, content: prompt }] : prompt,
  )
}

describe.each(CONVERSATIONS)('$name', (conversation) => {
  test('the next turn', async () => {
    const { wires } = await goOnFrom(await begunOf(conversation), 'And then?')
    expect(breaks(wires, 3)).toEqual([])
  })

  test('a last turn with other words leaves the earlier messages unchanged', async () => {
    const { request, wires } = await begunOf(conversation)
    const messages = [...request.messages.slice(0, -1), { role: 'user', content: 'Or rather?' }]
    const edited = await ask({ ...request, messages })

    expect(breaks([wires[0] ?? {}, ...edited.wires], 2)).toEqual([])
    expect(JSON.stringify(edited.wires)).not.toContain('And more?')
  })
})

// A conversation that is sent as a whole is in no process.
if (CARRIER === 'turns') {
  test.each(CONVERSATIONS)('another conversation took its process: $name', async (conversation) => {
    const { wires } = await goOnFrom(await begunOf(conversation), 'And after them?')
    expect(breaks(wires, 3)).toEqual([])
  })

  describe('its process ended', () => {
    beforeAll(ownProcessIsGone)

    test.each(CONVERSATIONS)('$name', async (conversation) => {
      const { wires } = await goOnFrom(await begunOf(conversation), 'And after its end?')
      expect(breaks(wires, 3)).toEqual([])
    })
  })
}

test('a restarted server sends the same requests', async () => {
  const first = await begin({ model: 'claude-sonnet-5-5', thinking: { type: 'adaptive' } })
  other = await openBench({ maxProcesses: 1 })
  const { wires } = await goOn(first, 'And then?', other)
  expect(breaks(wires, 3)).toEqual([])
})

/*
 * The runtime adds the date to a conversation when it begins in a process. A server that is started
 * on another day adds another date, so the thoughts are bound to another beginning. Time zones a
 * day apart simulate the days.
 */
describe('a conversation of the day before continues', () => {
  let before: Bench
  let after: Bench

  beforeAll(async () => {
    ;[before, after] = await Promise.all([startIn('Etc/GMT+12'), startIn('Pacific/Kiritimati')])
  })
  beforeEach(() => {
    for (const day of [before, after]) day.standin.reset()
  })
  afterAll(() => Promise.all([before?.remove(), after?.remove()]))

  test.each(Object.keys(THINKING))('with %s', async (model) => {
    const fields = { model, ...THINKING[model], max_tokens: 4000 }
    const request = asking(`Tell me of ${model}.`, fields)
    before.standin.reply(message(assistantMessage([THOUGHT, textBlock('First.')])))
    const second = await goOn(await ask(request, before), 'And more?', after)

    const asked = after.standin.messages
    const isChecked = model !== 'claude-sonnet-4-6'
    const times = CARRIER === 'turns' && isChecked ? 2 : 1
    expect(asked).toHaveLength(times)
    const thinks = JSON.stringify(asked.at(-1)?.body.messages).includes('"thinking"')
    expect(thinks).toBe(CARRIER === 'whole' || !isChecked)

    await goOn(second, 'And then?', after)
    expect(after.standin.messages, 'the next turn').toHaveLength(times + 1)
  })
})

/** A server in another time zone. */
async function startIn(TZ: string): Promise<Bench> {
  return openBench(({ env }) => ({ maxProcesses: 1, env: { ...env, TZ } }))
}

/** The places where a request is not the beginning of the next. */
function breaks(wires: readonly Wire[], expected: number): (string | undefined)[] {
  expect(wires).toHaveLength(expected)
  return wires
    .slice(1)
    .map((wire, index) => cacheBreak(wires[index] ?? {}, wire))
    .filter((line) => line !== undefined)
}
