import { afterAll, beforeAll, describe, test } from 'vitest'

import { type Bench, expectAsSent, expectAsSentTwice, nextTurn, startBench } from './bench.ts'
import { asking } from './samples.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

const BETAS: Record<string, string[]> = {
  one: ['context-1m-2025-08-07'],
  several: ['files-api-2025-04-14', 'mcp-client-2025-11-20', 'context-management-2025-06-27'],
  'one that the runtime sends as well': ['interleaved-thinking-2025-05-14'],
  'the same twice': ['files-api-2025-04-14', 'files-api-2025-04-14'],
  'one of tomorrow': ['telepathy-2030-01-01'],
}

describe('beta headers reach the API', () => {
  test.each(Object.entries(BETAS))('%s', async (_, betas) => {
    await expectAsSentTwice(bench, { body: asking('Hello'), betas })
  })

  test.each(['claude-opus-5-5', 'claude-haiku-4-5'])('with %s', async (model) => {
    const betas = ['files-api-2025-04-14', 'telepathy-2030-01-01']
    await expectAsSentTwice(bench, { body: { ...asking('Hello'), model }, betas })
  })
})

describe('the beta headers of one request do not reach another', () => {
  test('that is a conversation of its own', async () => {
    await bench.send({ body: asking('Hello'), betas: ['telepathy-2030-01-01'] })
    expectAsSent(await bench.send({ body: asking('Hello') }))
  })

  test('that is the next turn without them', async () => {
    const first = await bench.send({ body: asking('Hello'), betas: ['telepathy-2030-01-01'] })
    const { body } = nextTurn(first, 'And now?')
    expectAsSent(await bench.send({ body }))
  })

  test('that is the next turn with others', async () => {
    const first = await bench.send({ body: asking('Hello'), betas: ['telepathy-2030-01-01'] })
    const { body } = nextTurn(first, 'And now?')
    expectAsSent(await bench.send({ body, betas: ['files-api-2025-04-14'] }))
  })
})
