import { afterAll, beforeAll, expect, test } from 'vitest'

import { CARRIER } from '../../support/carrier.ts'
import { type Bench, startBench } from './bench.ts'

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.close())

const MESSAGES = [
  { role: 'user', content: 'Say hello.' },
  { role: 'system', content: 'Answer in French.' },
  { role: 'assistant', content: [{ type: 'text', text: 'Bonjour.' }] },
  { role: 'user', content: 'And now?' },
  { role: 'system', content: [{ type: 'text', text: 'Answer in German.' }] },
]

/** The request upstream, without the runtime's own messages and marks. */
function asked(messages: readonly object[]): object[] {
  return messages
    .filter((message) => !JSON.stringify(message).includes('# Environment'))
    .map((message) => {
      const { role, content } = message as { role: string; content: string | { text: string }[] }
      const text =
        typeof content === 'string' ? content : content.map((block) => block.text).join('|')
      return { role, text }
    })
}

test.each(['claude-sonnet-5-5', 'claude-opus-5-5'])('system messages, with %s', async (model) => {
  const { upstream } = await bench.send({ body: { model, max_tokens: 100, messages: MESSAGES } })
  const { messages } = upstream.body
  if (CARRIER === 'whole') {
    expect(messages).toEqual([...MESSAGES.slice(0, -1), MESSAGES.at(-1)])
    return
  }
  expect(asked(messages)).toEqual([
    { role: 'user', text: 'Say hello.|<system_message>\nAnswer in French.\n</system_message>' },
    { role: 'assistant', text: 'Bonjour.' },
    { role: 'user', text: 'And now?|<system_message>\nAnswer in German.\n</system_message>' },
  ])
})

test.skipIf(CARRIER === 'whole')(
  'a model without system messages refuses them with the API’s own error',
  async () => {
    const body = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: MESSAGES }
    expect(await bench.sendRefused({ body })).toMatchObject({
      status: 400,
      error: { message: "messages: role 'system' is not supported on this model" },
    })
  },
)
