import { expect, test } from 'vitest'

import type { WireResponse } from '../openai/responses/reply.ts'
import { ResponseStore, type StoredResponse } from './response-store.ts'

function stored(id: string, previous: string | null = null): StoredResponse {
  const response = { id, previous_response_id: previous, output: [{ id: `msg_${id.slice(5)}_0` }] }
  return {
    response: response as unknown as WireResponse,
    added: {
      system: [`system of ${id}`],
      messages: [{ role: 'user', content: `said in ${id}` }],
      tools: [],
    },
    input: [],
  }
}

test('the past of a response is all that came before it, oldest first', () => {
  const store = new ResponseStore().of('one')
  store.add(stored('resp_a'))
  store.add(stored('resp_b', 'resp_a'))
  expect(store.past('resp_b')).toEqual({
    system: ['system of resp_a', 'system of resp_b'],
    messages: [
      { role: 'user', content: 'said in resp_a' },
      { role: 'user', content: 'said in resp_b' },
    ],
    tools: [],
  })
  expect(store.past(null)).toEqual({ system: [], messages: [], tools: [] })
})

test('a past of which a part was forgotten is none', () => {
  const size = JSON.stringify(stored('resp_a')).length
  const store = new ResponseStore(2.5 * size).of('one')
  store.add(stored('resp_a'))
  store.add(stored('resp_b', 'resp_a'))
  store.add(stored('resp_c', 'resp_b'))
  expect(() => store.past('resp_c')).toThrow(/there is no response 'resp_a'/)
})

test('what is gone on from is kept before what is not', () => {
  const size = JSON.stringify(stored('resp_a')).length
  const store = new ResponseStore(2.5 * size).of('one')
  store.add(stored('resp_a'))
  store.add(stored('resp_b'))
  store.past('resp_a')
  store.add(stored('resp_c'))
  expect(store.get('resp_a').id).toBe('resp_a')
  expect(() => store.get('resp_b')).toThrow(/resp_b/)
})

test('items are found by the ids that they were given out with', () => {
  const store = new ResponseStore().of('one')
  store.add(stored('resp_a'))
  expect(store.item('msg_a_0')).toEqual({ id: 'msg_a_0' })
  for (const id of ['msg_a_1', 'msg_b_0', 'msg_a', 'resp_a']) expect(store.item(id)).toBeUndefined()
})

test('a response is there for the caller that made it, and for no one else', () => {
  const responses = new ResponseStore()
  const [one, two] = [responses.of('one'), responses.of('two')]
  one.add(stored('resp_a'))
  expect(() => two.get('resp_a')).toThrow(/There is no response 'resp_a'/)
  expect(() => two.past('resp_a')).toThrow(/there is no response 'resp_a'/)
  expect(() => two.delete('resp_a')).toThrow(/There is no response 'resp_a'/)
  expect(two.item('msg_a_0')).toBeUndefined()
  expect(one.get('resp_a').id).toBe('resp_a')
})
