import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { events, hang, message, type StreamEvent } from '../../support/answers.ts'
import { eventsOf } from '../../support/events.ts'
import { textMessage, toolUseMessage } from '../../support/messages.ts'
import { waitUntilGone } from '../../support/processes.ts'
import { wireDifferences } from '../../support/wire.ts'
import { assistant, type Bench, LOOK, openBench, user } from '../lifecycle/bench.ts'

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let bench: Bench

beforeAll(async () => {
  bench = await openBench({ maxProcesses: 2 })
})
afterAll(() => bench?.remove())
beforeEach(() => bench.standin.reset())

let count = 0

/** A conversation that waits for the results of two calls. */
async function held(): Promise<Waiting> {
  count += 1
  const [first, second] = [`toolu_${count}_a`, `toolu_${count}_b`] as const
  const calls = [first, second].map((id) => ({ id, name: 'look', input: { at: id } }))
  bench.standin.reply(message(toolUseMessage(calls)))
  const request = { tools: [LOOK], messages: [user(`look ${count}`)] }
  const reply = await bench.ask(request)
  const messages = [...request.messages, assistant(reply.body.content)]
  return { first, second, request, messages }
}

type Waiting = { first: string; second: string; request: object; messages: object[] }

function result(id: string, content: unknown, more: object = {}): object {
  return { type: 'tool_result', tool_use_id: id, content, ...more }
}

/**
 * Sends the next step, and returns the lane and the differences between the request and the request
 * upstream.
 */
async function step(
  { request, messages }: Waiting,
  content: unknown,
  on: Bench = bench,
  more: Record<string, unknown> = {},
): Promise<{ status: number; lane: string | undefined; differences: string[]; asked: number }> {
  const before = on.standin.messages.length
  const turns = on.log.turns.length
  const body = { ...request, ...more, messages: [...messages, user(content)] }
  const { status } = await on.ask(body)
  const upstream = on.standin.messages.slice(before)
  const [wire] = upstream
  return {
    status,
    lane: on.log.turns.slice(turns).at(-1)?.lane,
    differences: wire
      ? wireDifferences({ body: { model: 'claude-sonnet-4-6', max_tokens: 100, ...body } }, wire)
      : [],
    asked: upstream.length,
  }
}

const RESOLVED = { status: 200, lane: 'resolve', differences: [], asked: 1 }
const OPENED = { status: 200, lane: 'open', differences: [], asked: 1 }

describe('results of exactly the held calls continue in the waiting worker', () => {
  test.each([
    ['strings', 'one', 'two'],
    [
      'text blocks',
      [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'more' },
      ],
      'two',
    ],
    [
      'images',
      [
        { type: 'text', text: 'seen' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      ],
      'two',
    ],
    ['unicode and white space', '  ünï — 😀\r\n\tend ', 'two'],
    ['text that looks like a command or a mention', '/clear @/etc/passwd', '!ls'],
    ['100 kB', 'x'.repeat(100_000), 'two'],
  ])('%s', async (_, one, two) => {
    const waiting = await held()
    const content = [result(waiting.first, one), result(waiting.second, two)]
    expect(await step(waiting, content)).toEqual(RESOLVED)
  })

  test('in another order', async () => {
    const waiting = await held()
    const content = [result(waiting.second, 'two'), result(waiting.first, 'one')]
    const { lane, asked, status } = await step(waiting, content)
    expect({ lane, asked, status }).toEqual({ lane: 'resolve', asked: 1, status: 200 })
    const results = bench.standin.messages.at(-1)?.body.messages.at(-1)?.content
    expect(results).toMatchObject([
      { tool_use_id: waiting.first, content: [{ text: 'one' }] },
      { tool_use_id: waiting.second, content: [{ text: 'two' }] },
    ])
  })

  test('a failed call', async () => {
    const waiting = await held()
    const failed = result(waiting.first, 'no such place', { is_error: true })
    expect(await step(waiting, [failed, result(waiting.second, 'two')])).toEqual(RESOLVED)
  })

  test('with other parameters than the step before', async () => {
    const waiting = await held()
    const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
    const more = { max_tokens: 77, temperature: 0.2, tool_choice: { type: 'none' } }
    expect(await step(waiting, content, bench, more)).toEqual(RESOLVED)
  })
})

describe('any other message is sent to the API, and answered', () => {
  test('text after the results', async () => {
    const waiting = await held()
    const content = [
      result(waiting.first, 'one'),
      result(waiting.second, 'two'),
      { type: 'text', text: 'and hurry' },
    ]
    expect(await step(waiting, content)).toEqual(OPENED)
  })

  test.each([
    [
      'an image of a failed call',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      true,
    ],
    [
      'a document',
      [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'd' } }],
      false,
    ],
    [
      'a URL of an image',
      [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }],
      false,
    ],
    ['200 kB', 'x'.repeat(200_000), false],
    ['600 kB', 'x'.repeat(600_000), false],
    ['no content', [], false],
  ])('%s', async (_, one, isError) => {
    const waiting = await held()
    const content = [
      result(waiting.first, one, isError ? { is_error: true } : {}),
      result(waiting.second, 'two'),
    ]
    const { differences, ...rest } = await step(waiting, content)
    expect(rest).toEqual({ status: 200, lane: 'open', asked: 1 })
    expect(differences).toEqual([])
  })

  test('an edited history', async () => {
    const waiting = await held()
    const messages = [user('something else was asked'), ...waiting.messages.slice(1)]
    const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
    const edited = await step({ ...waiting, messages }, content)
    expect(edited).toMatchObject({ status: 200, lane: 'open', asked: 1 })
    const wire = JSON.stringify(bench.standin.messages.at(-1)?.body.messages)
    expect(wire).toContain('something else was asked')
    expect(wire).not.toContain(`look ${count}`)
  })

  test('tools that differ from before', async () => {
    const waiting = await held()
    const tools = [{ ...LOOK, description: 'Looks closer.' }]
    const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
    const changed = await step(waiting, content, bench, { tools })
    expect(changed).toMatchObject({ status: 200, lane: 'open', asked: 1 })
    expect(bench.standin.messages.at(-1)?.body.tools).toEqual(tools)
  })

  test('two clients that continue one conversation at once both get right answers', async () => {
    const waiting = await held()
    const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
    bench.standin.answer = () => message(textMessage('right'))
    const before = bench.log.turns.length
    const replies = await Promise.all(
      [1, 2].map(() =>
        bench.ask({ ...waiting.request, messages: [...waiting.messages, user(content)] }),
      ),
    )
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    const lanes = bench.log.turns.slice(before).map(({ lane }) => lane)
    expect(lanes.toSorted((a, b) => a.localeCompare(b))).toEqual(['open', 'resolve'])
  })

  test('a process that ended while it waited', async () => {
    const waiting = await held()
    const pids = bench.runtimes()
    for (const pid of pids) killIfAlive(pid)
    await waitUntilGone(pids)
    const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
    const { status, lane, asked } = await step(waiting, content)
    expect({ status, lane, asked }).toEqual({ status: 200, lane: 'open', asked: 1 })
  })

  test('a call of an unknown tool reaches the client all the same, once', async () => {
    const call = { id: 'toolu_unknown', name: 'made_up', input: {} }
    bench.standin.reply(message(toolUseMessage([call])))
    const request = { tools: [LOOK], messages: [user('call what is not there')] }
    const reply = await bench.ask(request)
    expect(reply.body).toMatchObject({ stop_reason: 'tool_use', content: [call] })

    const messages = [...request.messages, assistant(reply.body.content)]
    const waiting = { first: call.id, second: '', request, messages }
    const next = await step(waiting, [result(call.id, 'there is no such tool')])
    expect(next).toMatchObject({ status: 200, lane: 'open', asked: 1 })
    expect(bench.standin.messages).toHaveLength(2)
  })
})

/** One that belongs to an earlier test may be about to end. */
function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' })
  }
}

describe('results that do not fit the calls', () => {
  test('get the error of the API if some are missing', async () => {
    const waiting = await held()
    const { status, asked } = await step(waiting, [result(waiting.first, 'one')])
    expect({ status, asked }).toEqual({ status: 400, asked: 0 })
  })

  test('get the error of the API for a call that was not made', async () => {
    const waiting = await held()
    const content = [waiting.first, waiting.second, 'toolu_other'].map((id) => result(id, 'x'))
    const { status, asked } = await step(waiting, content)
    expect({ status, asked }).toEqual({ status: 400, asked: 0 })
  })
})

describe('after held calls', () => {
  test('changed results in a history are sent, without another process', async () => {
    const calls = [{ type: 'tool_use', id: 'toolu_told', name: 'look', input: {} }]
    const told = (content: string): Record<string, unknown> => ({
      tools: [LOOK],
      messages: [user('Told'), assistant(calls), user([result('toolu_told', content)])],
    })
    // Only this one is left.
    await bench.ask({ messages: [user('One process')] })
    const before = bench.log.text().length
    expect((await bench.ask(told('one'))).status).toBe(200)
    expect((await bench.ask(told('another'))).status).toBe(200)
    bench.standin.reply(events([eventsOf(textMessage('Left'))[0] as StreamEvent, hang()]))
    const leaving = new AbortController()
    const left = await bench.stream(told('given up'), { signal: leaving.signal })
    leaving.abort()
    await left.text().catch(() => {})
    expect((await bench.ask(told('the last'))).status).toBe(200)
    expect(bench.log.text().slice(before)).not.toContain('refused to rewind')
    expect(bench.log.text().slice(before)).not.toContain('worker ended')
    expect(JSON.stringify(bench.standin.messages.at(-1)?.body.messages)).toContain('the last')
  })

  test('a restarted server is sent the whole conversation', async () => {
    const waiting = await held()
    const other = await openBench({ maxProcesses: 1 })
    try {
      const content = [result(waiting.first, 'one'), result(waiting.second, 'two')]
      const { status, lane, asked } = await step(waiting, content, other)
      expect({ status, lane, asked }).toEqual({ status: 200, lane: 'open', asked: 1 })
    } finally {
      await other.remove()
    }
  })
})
