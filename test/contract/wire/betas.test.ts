import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Bench, type Exchange, expectAsSent, nextTurn, startBench } from './bench.ts'
import { asking as askingAny } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench(
    { ANTHROPIC_CUSTOM_HEADERS: 'x-of-the-user: always' },
    { maxProcesses: 2 },
  )
})

afterAll(() => bench.close())

/*
 * A process keeps the list of betas that it first sent for a model, so that another list needs another
 * process. The cases use models of their own, and so the same two processes.
 */
const BETAS: [name: string, model: string, betas: string[]][] = [
  ['one', 'claude-sonnet-4-6', ['context-1m-2025-08-07']],
  [
    'several',
    'claude-opus-4-6',
    ['files-api-2025-04-14', 'mcp-client-2025-11-20', 'context-management-2025-06-27'],
  ],
  ['one that the runtime sends as well', 'claude-sonnet-4-5', ['interleaved-thinking-2025-05-14']],
  ['the same twice', 'claude-opus-4-5', ['files-api-2025-04-14', 'files-api-2025-04-14']],
  ['an unknown one', 'claude-opus-4-1', ['telepathy-2030-01-01']],
  ['with Opus', 'claude-opus-5-5', ['files-api-2025-04-14', 'telepathy-2030-01-01']],
  ['with Haiku', 'claude-haiku-4-5', ['files-api-2025-04-14', 'telepathy-2030-01-01']],
]

function asking(prompt: string, model: string): Record<string, unknown> {
  return { ...askingAny(prompt), model }
}

test.each(BETAS)('beta headers reach the API: %s', async (_, model, betas) => {
  expectAsSent(await bench.send({ body: asking('Hello', model), betas }))
})

describe('the beta headers of one request do not reach another', () => {
  const MODEL = 'claude-sonnet-5-5'

  test('in another conversation', async () => {
    await bench.send({ body: asking('Hello', MODEL), betas: ['telepathy-2030-01-01'] })
    expectAsSent(await bench.send({ body: asking('Hello', MODEL) }))
  })

  test('in the next turn without them', async () => {
    const first = await bench.send({
      body: asking('Hello', MODEL),
      betas: ['telepathy-2030-01-01'],
    })
    const { body } = nextTurn(first, 'And now?')
    expectAsSent(await bench.send({ body }))
  })

  test('in the next turn with others', async () => {
    const first = await bench.send({
      body: asking('Hello', 'claude-haiku-5-5'),
      betas: ['telepathy-2030-01-01'],
    })
    const { body } = nextTurn(first, 'And now?')
    expectAsSent(await bench.send({ body, betas: ['files-api-2025-04-14'] }))
  })
})

describe('the headers of a workspace and of a user profile', () => {
  const MODEL = 'claude-sonnet-5'
  const NAMES = ['anthropic-workspace-id', 'anthropic-user-profile-id', 'x-of-the-user']

  function headersOf({ upstream }: Exchange): unknown[] {
    return NAMES.map((name) => upstream.headers[name])
  }

  test('reach the API, beside those that the user set for all requests', async () => {
    const headers = {
      'anthropic-workspace-id': 'wrkspc_made_up',
      'anthropic-user-profile-id': 'uprof_made_up',
    }
    const exchange = await bench.send({ body: asking('Hello', MODEL), headers })
    expect(headersOf(exchange)).toEqual(['wrkspc_made_up', 'uprof_made_up', 'always'])
  })

  test('do not reach the requests of another client', async () => {
    const headers = { 'anthropic-workspace-id': 'wrkspc_of_one' }
    const [of, after] = [asking('Hello, I am one.', MODEL), asking('Hello, I am another.', MODEL)]
    await bench.send({ body: of, headers })
    const exchanges = [
      await bench.send({ body: after }),
      ...(await bench.sendTogether([
        { body: asking('One', MODEL), headers },
        { body: asking('Another', MODEL) },
      ])),
    ]
    expect(exchanges.map((exchange) => headersOf(exchange)[0])).toEqual([
      undefined,
      'wrkspc_of_one',
      undefined,
    ])
  })

  test('and neither does any other header of a client', async () => {
    const headers = { 'x-of-the-client': 'made-up', 'anthropic-version': '2026-10-21' }
    const { upstream } = await bench.send({ body: asking('Hello', MODEL), headers })
    expect(upstream.headers['x-of-the-client']).toBeUndefined()
    // With the newer version the runtime's own `temperature: 1` would be refused.
    expect(upstream.headers['anthropic-version']).toBe('2023-06-01')
  })
})
