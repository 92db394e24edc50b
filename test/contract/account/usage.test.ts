import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createProxy, type Proxy, type ProxyOptions } from '../../../src/proxy.ts'
import { error, message } from '../../support/answers.ts'
import { textMessage, usage } from '../../support/messages.ts'
import { planHeaders } from '../../support/plan-headers.ts'
import { makeSandbox, type Sandbox, SUBSCRIPTION_LOGIN } from '../../support/sandbox.ts'
import { type Standin, startStandin } from '../../support/standin.ts'
import { recordTurns } from '../../support/turns.ts'

let standin: Standin
let sandbox: Sandbox
let proxy: Proxy
let stateFolder: string
const log = recordTurns()

function start(options: ProxyOptions = {}): Promise<Proxy> {
  return createProxy({ env: sandbox.env, maxProcesses: 1, logger: log.logger, ...options })
}

beforeAll(async () => {
  standin = await startStandin()
  sandbox = makeSandbox(standin.url, SUBSCRIPTION_LOGIN)
  stateFolder = join(sandbox.folder, 'state')
  proxy = await start({ stateFolder })
})

afterAll(async () => {
  await proxy.close()
  await standin.close()
  sandbox.remove()
})

function ask(prompt: string, fields: object = {}): Promise<Response> {
  return proxy.fetch('http://localhost/v1/messages', {
    method: 'POST',
    body: JSON.stringify({
      model: 'claude-sonnet-4-6',
      max_tokens: 100,
      messages: [{ role: 'user', content: prompt }],
      ...fields,
    }),
  })
}

async function get(path: string): Promise<Record<string, unknown>> {
  const response = await proxy.fetch(`http://localhost${path}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

async function metrics(): Promise<string[]> {
  return (await (await proxy.fetch('http://localhost/metrics')).text()).split('\n')
}

/** The known state of the plan, once the runtime has reported it: that comes after the reply. */
async function planAfter(step: Promise<Response>): Promise<Record<string, unknown>> {
  const before = JSON.stringify((await get('/v1/usage'))['plan'])
  await (await step).text()
  for (;;) {
    const { plan } = await get('/v1/usage')
    if (JSON.stringify(plan) !== before) return plan as Record<string, unknown>
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const RESETS_AT = Math.floor(Date.now() / 1000) + 3600
const TOKENS = {
  input_tokens: 100,
  output_tokens: 20,
  cache_read_input_tokens: 7,
  cache_creation_input_tokens: 3,
}

describe('after a turn, an error and a wrong request', () => {
  beforeAll(async () => {
    standin.reply(
      message(
        textMessage('A secret answer.', { usage: usage(TOKENS) }),
        planHeaders({ resetsAt: RESETS_AT }),
      ),
    )
    await planAfter(ask('A secret question.'))
    standin.reply(error(529, 'overloaded_error', 'Overloaded'))
    await (await ask('Once more.')).text()
    const withoutUser = { messages: [{ role: 'assistant', content: 'y' }] }
    expect((await ask('', withoutUser)).status).toBe(400)
  })

  test('/v1/usage has the counts of the API', async () => {
    const told = await get('/v1/usage')
    const counts = { requests: 3, errors: 2, ...TOKENS }
    const once = { requests: 1, errors: 0, ...TOKENS }
    expect(told).toMatchObject({
      since_start: {
        ...counts,
        by_model: { 'claude-sonnet-4-6': counts },
        by_lane: { open: { ...once, requests: 2, errors: 1 }, none: { requests: 1, errors: 1 } },
      },
      days: [{ date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), ...counts }],
    })
    expect(Date.parse(String(told['started_at']))).toBeLessThanOrEqual(Date.now())
  })

  test('/v1/usage has the windows of the plan', async () => {
    expect((await get('/v1/usage'))['plan']).toMatchObject({
      windows: [
        { name: 'five_hour', used: 0.42, resets_at: new Date(RESETS_AT * 1000).toISOString() },
        { name: 'seven_day', used: 0.17 },
      ],
      overage: { in_use: false },
      guard: null,
    })
  })

  test('/metrics has the same counts', async () => {
    expect(await metrics()).toEqual(
      expect.arrayContaining([
        'claude_proxy_turns_total{lane="open",model="claude-sonnet-4-6",outcome="whole"} 1',
        'claude_proxy_turns_total{lane="none",model="claude-sonnet-4-6",outcome="error"} 1',
        'claude_proxy_tokens_total{model="claude-sonnet-4-6",type="input"} 100',
        'claude_proxy_tokens_total{model="claude-sonnet-4-6",type="cache_read"} 7',
        'claude_proxy_turn_first_event_seconds_count{lane="open"} 1',
        'claude_proxy_plan_used_ratio{window="five_hour"} 0.42',
        'claude_proxy_processes{state="asking"} 0',
        'claude_proxy_turns_in_flight 0',
        'claude_proxy_queue_wait_seconds_count 2',
        'claude_proxy_runtime_ends_total{cause="unexpected"} 0',
      ]),
    )
  })

  test('a client gets the state of the plan in headers', async () => {
    const response = await ask('Hello?')
    await response.text()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'anthropic-ratelimit-unified-5h-utilization': '0.42',
      'anthropic-ratelimit-unified-5h-reset': String(RESETS_AT),
      'anthropic-ratelimit-unified-7d-utilization': '0.17',
      'anthropic-ratelimit-unified-7d-reset': String(RESETS_AT + 86_400),
    })
  })

  test('no text of a conversation appears anywhere', async () => {
    const told = [await get('/v1/usage'), await metrics(), log.text()]
    expect(JSON.stringify(told)).not.toMatch(/secret|Once more/)
  })
})

test('the log line of a turn has the ids of client, proxy and upstream', async () => {
  const response = await ask('Who am I?')
  await response.text()
  expect(log.turns.at(-1)).toMatchObject({
    id: response.headers.get('request-id'),
    upstreamId: standin.messages.at(-1)?.requestId,
    status: 200,
    firstEventMs: expect.any(Number),
    totalMs: expect.any(Number),
    inputTokens: 21,
    outputTokens: 55,
    cachedTokens: 34,
  })
})

test('an unknown model name is counted as other', async () => {
  standin.reply(error(404, 'not_found_error', 'model: made-up-name-1'))
  await (await ask('Hello?', { model: 'made-up-name-1' })).text()
  expect(JSON.stringify([await get('/v1/usage'), await metrics()])).not.toContain('made-up-name')
})

test('usage is kept over a restart, in a file without any text of a conversation', async () => {
  const before = await get('/v1/usage')
  await proxy.close()
  expect(readdirSync(stateFolder)).toEqual(['usage.json'])
  expect(readFileSync(join(stateFolder, 'usage.json'), 'utf8')).not.toMatch(/secret|req_/)
  proxy = await start({ stateFolder, usageGuard: 0.5 })
  const after = await get('/v1/usage')
  expect(after['days']).toEqual(before['days'])
  expect(after['since_start']).toMatchObject({ requests: 0 })
})

describe('usage_guard', () => {
  test('allows a turn while the plan is unknown, or used below the share', async () => {
    standin.reply(message(textMessage('Hi.'), planHeaders({ fiveHours: 0.49 })))
    expect(await planAfter(ask('One.'))).toMatchObject({ guard: 0.5 })
    standin.reply(message(textMessage('Hi.'), planHeaders({ fiveHours: 0.5, resetsAt: RESETS_AT })))
    await planAfter(ask('Two.'))
  })

  test('refuses turns from the share on, and nothing is sent upstream', async () => {
    const asked = standin.messages.length
    const response = await ask('Three.')
    expect(response.status).toBe(429)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: expect.stringContaining('usage_guard is 50%') },
      request_id: response.headers.get('request-id'),
    })
    const wait = Number(response.headers.get('retry-after'))
    expect(Math.abs(RESETS_AT - Date.now() / 1000 - wait)).toBeLessThan(60)
    expect(standin.messages).toHaveLength(asked)
    expect(log.turns.at(-1)).toMatchObject({ lane: 'none', outcome: 'error', status: 429 })
  })
})

test('the library writes no file if no folder is named', async () => {
  await proxy.close()
  proxy = await start()
  await (await ask('Hello?')).text()
  await proxy.close()
  expect(existsSync(join(sandbox.folder, 'home', '.local'))).toBe(false)
  expect(readdirSync(sandbox.folder).toSorted()).toEqual(['home', 'state', 'tmp', 'work'])
})
