import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { ProxyOptions } from '../../../src/proxy.ts'
import { error, events, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { makeGate } from '../../support/gate.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { startedRuntimes } from '../../support/processes.ts'
import {
  assistant,
  type Bench,
  LOOK,
  openBench,
  type Reply,
  settled,
  textOf,
  user,
} from './bench.ts'
import { until } from '../../support/until.ts'

let bench: Bench
/** The bench of one test alone. */
let own: Bench | undefined

afterEach(async () => {
  await own?.remove()
  own = undefined
})

async function open(options: ProxyOptions): Promise<void> {
  own = await openBench(options)
  bench = own
}

async function noneHeld(): Promise<void> {
  await expect.poll(() => bench.processes('held')).toBe(0)
}

/** Sends prompts one after another, so that they wait in line in this order. */
async function askInOrder(prompts: readonly string[]): Promise<Promise<Reply>[]> {
  const asked: Promise<Reply>[] = []
  for (const prompt of prompts) {
    asked.push(bench.ask(prompt))
    await until(async () => {
      const taken = (await bench.inLine()) + (await bench.processes('opening'))
      return taken + bench.standin.messages.length >= asked.length
    })
  }
  return asked
}

/** Answers each prompt with a reply that waits for its own gate. */
function gateReplies(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const gate = makeGate()
    bench.standin.reply(events([gate.pass, ...eventsOf(textMessage(`reply ${index + 1}`))]))
    return gate
  })
}

describe('a waiting worker', () => {
  let waiting: Bench

  beforeAll(async () => {
    waiting = await openBench({ idleTimeout: 50, holdTimeout: 50, maxProcesses: 1 })
  })
  beforeEach(() => {
    bench = waiting
    bench.standin.reset()
    bench.log.turns.length = 0
  })
  afterAll(() => waiting?.remove())

  test('that is idle forgets its conversation after idleTimeout, and the conversation continues', async () => {
    const first = await bench.ask('Hello')
    const before = bench.log.text().length
    await expect.poll(() => bench.log.text().slice(before)).toContain('worker forgot')
    expect(bench.runtimes()).toHaveLength(1)

    const second = await bench.ask({
      messages: [user('Hello'), assistant(first.body.content), user('Again')],
    })

    expect(textOf(second)).toBe('Hello from the stand-in.')
    expect(bench.log.turns.map(({ lane }) => lane)).toEqual(['open', 'open'])
    expect(bench.standin.messages).toHaveLength(2)
  })

  test('that holds calls cancels them after holdTimeout, and their results are still accepted', async () => {
    bench.standin.reply(message(toolUseMessage([{ id: 'toolu_1', name: 'look', input: {} }])))
    const first = await bench.ask({ messages: [user('Look')], tools: [LOOK] })
    expect(first.body.stop_reason).toBe('tool_use')
    await noneHeld()
    expect(bench.standin.requests, 'asked when the calls are given up').toHaveLength(1)

    const second = await bench.ask({
      tools: [LOOK],
      messages: [
        user('Look'),
        assistant(first.body.content),
        user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a tree' }]),
      ],
    })

    expect(textOf(second)).toBe('Hello from the stand-in.')
    expect(bench.log.turns.map(({ lane }) => lane)).toEqual(['open', 'open'])
    expect(JSON.stringify(bench.standin.messages[1]?.body.messages)).toContain('a tree')
    expect(bench.standin.messages).toHaveLength(2)
  })
})

describe('with maxProcesses 1', () => {
  let shared: Bench

  beforeAll(async () => {
    shared = await openBench({ maxProcesses: 1 })
  })
  beforeEach(() => {
    bench = shared
    bench.standin.reset()
    bench.log.turns.length = 0
  })
  afterAll(() => shared?.remove())

  test('simultaneous conversations are served one after another', async () => {
    const gates = gateReplies(3)
    const asked = await askInOrder(['One', 'Two', 'Three'])
    const counts: number[] = []
    for (const [index, gate] of gates.entries()) {
      await bench.standin.waitFor(index + 1)
      counts.push(bench.standin.messages.length)
      gate.open()
    }

    const replies = await Promise.all(asked)
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(counts).toEqual([1, 2, 3])
    const prompts = bench.standin.messages.map(({ body }) => JSON.stringify(body.messages))
    expect(prompts).toEqual(['One', 'Two', 'Three'].map((text) => expect.stringContaining(text)))
  })

  test('a process that was waited for is free again afterwards', async () => {
    await open({ maxProcesses: 1, idleTimeout: 0, queueTimeout: 10_000 })
    const [gate] = gateReplies(1)
    const first = bench.ask('One')
    await bench.standin.waitFor(1)
    const second = bench.ask('Two')
    gate?.open()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect((await bench.ask('Three')).status).toBe(200)
    expect((await bench.ask('Four')).status).toBe(200)
  })

  test('an idle worker serves another conversation', async () => {
    await bench.ask('One')
    const pids = bench.runtimes()
    expect((await bench.ask('Two')).status).toBe(200)
    expect(bench.runtimes()).toEqual(pids)
    expect(JSON.stringify(bench.standin.messages[1]?.body)).not.toContain('One')
  })

  test('a conversation continues in its process without waiting', async () => {
    const { body } = await bench.ask('One')
    const again = [user('One'), assistant(body.content), user('And?')]
    expect((await bench.ask({ messages: again })).status).toBe(200)
    expect(bench.log.turns.map(({ lane }) => lane)).toEqual(['open', 'continue'])
  })

  test('a turn that waits longer than queueTimeout gets a 529 with retry-after, and is not requested', async () => {
    await open({ maxProcesses: 1, queueTimeout: 50 })
    const [gate] = gateReplies(1)
    const first = bench.ask('One')
    await bench.standin.waitFor(1)

    for (const second of [await bench.ask('Two'), await bench.ask({ messages: [user('Three')] })]) {
      expect(second.status).toBe(529)
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(second.body).toMatchObject({
        type: 'error',
        error: { type: 'overloaded_error', message: expect.stringContaining('max_processes') },
        request_id: second.headers.get('request-id'),
      })
    }
    const streamed = await bench.stream('Four')
    expect(streamed.status).toBe(529)
    expect(streamed.headers.get('content-type')).toContain('application/json')
    gate?.open()
    expect((await first).status).toBe(200)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('a client that leaves the line frees its place, and its turn is not requested', async () => {
    const [gate] = gateReplies(1)
    const first = bench.ask('One')
    await bench.standin.waitFor(1)
    const leaving = new AbortController()
    const second = bench.ask('Two', { signal: leaving.signal }).catch(() => undefined)
    const third = bench.ask('Three')
    await settled()

    leaving.abort()
    gate?.open()

    expect((await first).status).toBe(200)
    expect((await third).status).toBe(200)
    await second
    const prompts = JSON.stringify(bench.standin.messages.map(({ body }) => body.messages))
    expect(prompts).not.toContain('Two')
    expect(bench.standin.messages).toHaveLength(2)
  })

  test('a client that left before its turn frees its place', async () => {
    await bench.ask('One', { signal: AbortSignal.abort() }).catch(() => undefined)
    await bench.ask('Two', { signal: AbortSignal.abort() }).catch(() => undefined)

    expect((await bench.ask('Three')).status).toBe(200)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('a client that leaves while its process starts frees its place', async () => {
    await open({ maxProcesses: 1, queueTimeout: 3000 })
    const leaving = new AbortController()
    const asked = bench.ask('One', { signal: leaving.signal }).catch(() => undefined)
    while (bench.runtimes().length === 0) await settled()
    leaving.abort()
    await asked

    expect((await bench.ask('Two')).status).toBe(200)
    expect(bench.standin.messages).toHaveLength(1)
  })

  test('a failed reply frees its place', async () => {
    bench.standin.reply(error(500, 'api_error', 'Made up'))
    expect((await bench.ask('One')).status).toBe(500)
    expect((await bench.ask('Two')).status).toBe(200)
  })
})

/** With `QUEUE_REQUESTS=500`, as many as a fleet of agents sends. */
const QUEUED = Number(process.env['QUEUE_REQUESTS'] ?? 8)

test(
  `${QUEUED} requests against two processes are served in their order, each with its own reply`,
  { timeout: 600_000 },
  async () => {
    await open({ maxProcesses: 2, queueTimeout: 600_000, queueLimit: QUEUED })
    bench.standin.answer = ({ body }) => {
      const [, number = ''] = /Number (\d+)/.exec(JSON.stringify(body.messages)) ?? []
      return message(textMessage(number))
    }
    const numbers = Array.from({ length: QUEUED }, (_, index) => String(index + 1))
    let most = 0
    const prompts = numbers.map((number) => `Number ${number}.`)
    const replies = await Promise.all(
      (await askInOrder(prompts)).map(async (asked) => {
        const reply = await asked
        most = Math.max(most, startedRuntimes(process.pid).length)
        return textOf(reply)
      }),
    )

    expect(replies).toEqual(numbers)
    expect(most).toBeLessThanOrEqual(2)
    const asked = bench.standin.messages.map(({ body }) =>
      Number(/Number (\d+)/.exec(JSON.stringify(body.messages))?.[1]),
    )
    expect(asked).toHaveLength(QUEUED)
    // Two start at a time, and either may be the faster one.
    for (const [place, number] of asked.entries()) {
      expect(Math.abs(number - (place + 1))).toBeLessThanOrEqual(2)
    }
  },
)

test('a request that finds the line full is refused at once', async () => {
  await open({ maxProcesses: 1, queueLimit: 1, queueTimeout: 600_000 })
  const [gate] = gateReplies(1)
  const first = bench.ask('One')
  await bench.standin.waitFor(1)
  const second = bench.ask('Two')
  await settled()

  const third = await bench.ask('Three')
  expect(third.status).toBe(529)
  expect(third.headers.get('retry-after')).toBe('5')
  expect(third.body.error?.message).toContain('queue_limit')
  gate?.open()
  expect([(await first).status, (await second).status]).toEqual([200, 200])
})
