import { expect, test } from 'vitest'

import { MESSAGES_FORM, type RawEntry, requestsOf } from './take-in.ts'

async function* entries(count: number): AsyncGenerator<RawEntry> {
  for (let index = 0; index < count; index += 1) {
    const params = { max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] }
    const text = JSON.stringify({ custom_id: `request-${index}`, params })
    yield { text, number: index }
  }
}

test('other work may continue after each request of a batch', async () => {
  let places = 0
  const pause = () => {
    places += 1
    return Promise.resolve()
  }
  const ids: string[] = []
  const requests = requestsOf(entries(200), MESSAGES_FORM, () => 'claude-sonnet-4-6', pause)
  for await (const { customId, problem } of requests) {
    expect(problem).toBeUndefined()
    ids.push(customId)
  }
  expect(ids).toHaveLength(200)
  expect(places).toBe(200)
})
