import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { events, hang, message } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
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

/*
 * The runtime's process may be ended from outside: by a user, by a machine that is out of memory, by
 * a crash of its own. `test/contract/faults` has the other places where that may happen.
 */

let bench: Bench

beforeAll(async () => {
  bench = await openBench({ maxProcesses: 1 })
})

beforeEach(() => bench.standin.reset())

afterAll(() => bench?.remove())

function kill(): void {
  const pids = bench.runtimes()
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

type Request = Record<string, unknown>

/** Brings a conversation to the state idle, and returns its next turn. */
async function leaveIdle(): Promise<Request> {
  const { body } = await bench.ask('Hello')
  return { messages: [user('Hello'), assistant(body.content), user('What now?')] }
}

/** Brings a conversation to the state held, and returns its next turn. */
async function leaveHeld(): Promise<Request> {
  bench.standin.reply(message(toolUseMessage([{ id: 'toolu_1', name: 'look', input: {} }])))
  const { body } = await bench.ask({ messages: [user('Look')], tools: [LOOK] })
  expect(body.stop_reason).toBe('tool_use')
  const results = [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'What now?' }]
  return { tools: [LOOK], messages: [user('Look'), assistant(body.content), user(results)] }
}

/** The stand-in's default answer. */
const GREETING = 'Hello from the stand-in.'

test.each([
  ['idle', leaveIdle],
  ['held', leaveHeld],
])(
  'a process that is killed while it is %s, just when a turn is sent, is replaced or an error, without a second request',
  async (_name, leave) => {
    const next = await leave()
    kill()

    const reply = await bench.ask(next)
    if (reply.status !== 200) expectRuntimeEnded(reply)
    await settled()
    expect(bench.standin.messages).toHaveLength(reply.status === 200 ? 2 : 1)

    expect(textOf(await bench.ask(next))).toBe(GREETING)
  },
)

test('a process that is killed while it answers ends the stream with an error that says so', async () => {
  bench.standin.reply(events([...eventsOf(textMessage('Half of it.')).slice(0, 3), hang()]))
  const streamed = await bench.stream('Hello')
  expect(streamed.status).toBe(200)

  kill()

  const text = await streamed.text()
  expect(text).toMatch(/^event: error\ndata: .*"api_error".*runtime ended/m)
  expect(text).not.toContain('message_delta')
  expect(text).not.toContain('message_stop')
})

function expectRuntimeEnded({ status, body }: Reply): void {
  expect(status).toBe(500)
  expect(body).toMatchObject({
    type: 'error',
    error: { type: 'api_error', message: expect.stringContaining('runtime ended') },
  })
}
