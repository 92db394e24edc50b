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
 * The wire of a turn begins with the wire of the turn before, whichever way it took: else the API's
 * prompt cache is missed, and thoughts are refused that are bound to what stood before them.
 */

const TOOL = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } }

let bench: Bench
let other: Bench | undefined

beforeAll(async () => {
  // One process alone: what comes between takes it away.
  bench = await openBench({ maxProcesses: 1 })
})
afterAll(async () => {
  await other?.remove()
  await bench?.remove()
})
beforeEach(() => bench.standin.reset())

type Turn = { role: string; content: unknown }
type Begun = { request: Record<string, unknown> & { messages: Turn[] }; reply: ContentBlock[] }

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
  const request = asking(`Tell me of ${count}.`, { max_tokens: 4000, ...fields })
  const first = await ask(request)
  return goOn({ request, reply: first }, 'And more?')
}

async function goOn({ request, reply }: Begun, content: unknown, on = bench): Promise<Begun> {
  const messages = [
    ...request.messages,
    { role: 'assistant', content: reply },
    { role: 'user', content },
  ]
  const next = { ...request, messages }
  return { request: next, reply: await ask(next, on) }
}

async function ask(request: Begun['request'], on = bench): Promise<ContentBlock[]> {
  const reply = await on.ask(request)
  expect(reply.status, JSON.stringify(reply.body)).toBe(200)
  return reply.body.content
}

async function ownProcessIsGone(): Promise<void> {
  const pids = bench.runtimes()
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await waitUntilGone(pids)
}

/** What comes between two turns. */
const WAYS: [way: string, between: () => Promise<unknown>][] = [
  ['the next turn', () => Promise.resolve()],
  ['its process ended', ownProcessIsGone],
  ['another conversation took its process', () => bench.ask('Something else.')],
]

const THINKING: Record<string, object> = {
  'claude-sonnet-4-6': { thinking: { type: 'enabled', budget_tokens: 1024 } },
  'claude-sonnet-5-5': { thinking: { type: 'adaptive' } },
  'claude-opus-5-5': { thinking: { type: 'adaptive' } },
  'claude-haiku-5-5': { thinking: { type: 'adaptive' } },
}

describe.each(Object.entries(THINKING))('%s', (model, thinking) => {
  const plain = { model, ...thinking, system: 'Be brief.' }
  const fields = { ...plain, tools: [TOOL] }

  test.each(WAYS)('%s', async (_, between) => {
    const begun = await begin(fields)
    await between()
    await goOn(begun, 'And then?')
    expect(breaks('Tell me of', 3)).toEqual([])
  })

  test.each(WAYS)('without tools: %s', async (_, between) => {
    const begun = await begin(plain)
    await between()
    await goOn(begun, 'And then?')
    expect(breaks('Tell me of', 3)).toEqual([])
  })

  test.each(WAYS)('results: %s', async (_, between) => {
    const begun = await begin(fields, true)
    await between()
    await goOn(begun, [{ type: 'tool_result', tool_use_id: `toolu_${count}`, content: 'Seen.' }])
    expect(breaks('Tell me of', 3)).toEqual([])
  })

  test('a last turn with other words leaves the earlier messages unchanged', async () => {
    const { request } = await begin(fields)
    const messages = [...request.messages.slice(0, -1), { role: 'user', content: 'Or rather?' }]
    await ask({ ...request, messages })

    const [first, , edited] = wiresOf('Tell me of')
    expect(cacheBreak(first ?? {}, edited ?? {})).toBeUndefined()
    expect(JSON.stringify(edited)).not.toContain('And more?')
  })
})

test('a restarted server sends the same requests', async () => {
  const begun = await begin({ model: 'claude-sonnet-5-5', thinking: { type: 'adaptive' } })
  other = await openBench({ maxProcesses: 1 })
  await goOn(begun, 'And then?', other)

  const [, second] = wiresOf('Tell me of')
  const [third] = other.standin.messages
  expect(cacheBreak(second ?? {}, { ...third?.body })).toBeUndefined()
})

/*
 * The runtime tells a conversation the date when it begins in a process. A server that is started on another
 * day tells another date, so that the thoughts are bound to another beginning. Places a day apart stand
 * for the days.
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
    const begun = { request, reply: await ask(request, before) }
    const second = await goOn(begun, 'And more?', after)

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

/** A server in a place of another time. */
async function startIn(TZ: string): Promise<Bench> {
  return openBench(({ env }) => ({ maxProcesses: 1, env: { ...env, TZ } }))
}

/** The requests upstream with these words, oldest first. */
function wiresOf(words: string): Record<string, unknown>[] {
  return bench.standin.messages
    .map(({ body }) => body)
    .filter((body) => JSON.stringify(body).includes(words))
}

/** Where each of so many requests is not the beginning of the next. */
function breaks(words: string, expected: number): (string | undefined)[] {
  const wires = wiresOf(words)
  expect(wires).toHaveLength(expected)
  return wires
    .slice(1)
    .map((wire, index) => cacheBreak(wires[index] ?? {}, wire))
    .filter((line) => line !== undefined)
}
