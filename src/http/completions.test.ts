import { expect, test, vi } from 'vitest'

import { appOptions } from '../../test/support/app-options.ts'
import { REPLY, source } from '../../test/support/source.ts'
import { createApp } from './app.ts'
import type { Ask } from './reply.ts'

function open() {
  const ask = vi.fn<Ask>(() => Promise.resolve(source(REPLY).events))
  const app = createApp({ ...appOptions(), ask })
  const post = (body: object) =>
    Promise.resolve(
      app.request('http://localhost/v1/completions', {
        method: 'POST',
        body: JSON.stringify(body),
      }),
    )
  return { ask, post }
}

test('a prompt becomes one user message', async () => {
  const { ask, post } = open()
  const response = await post({
    model: 'any',
    prompt: 'Say hi:',
    max_tokens: 5,
    temperature: 0.5,
    stop: 'END',
    best_of: 1,
  })
  expect(ask.mock.calls[0]?.[0]).toEqual({
    model: 'any',
    messages: [{ role: 'user', content: 'Say hi:' }],
    max_tokens: 5,
    temperature: 0.5,
    stop_sequences: ['END'],
  })
  expect(await response.json()).toEqual({
    id: expect.stringMatching(/^cmpl_/),
    object: 'text_completion',
    created: expect.any(Number),
    model: 'any',
    choices: [{ text: 'Hi', index: 0, logprobs: null, finish_reason: 'stop' }],
    usage: expect.objectContaining({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }),
    service_tier: 'default',
    system_fingerprint: null,
  })
})

test('each prompt has its choices, which may begin with the prompt', async () => {
  const { ask, post } = open()
  const response = await post({ prompt: ['A: ', 'B: '], n: 2, echo: true })
  expect(ask.mock.calls.map(([{ messages }]) => messages[0]?.content)).toEqual([
    'A: ',
    'A: ',
    'B: ',
    'B: ',
  ])
  const { choices, usage } = (await response.json()) as {
    choices: { text: string; index: number }[]
    usage: object
  }
  expect(choices.map(({ text, index }) => `${index} ${text}`)).toEqual([
    '0 A: Hi',
    '1 A: Hi',
    '2 B: Hi',
    '3 B: Hi',
  ])
  expect(usage).toMatchObject({ total_tokens: 12 })
})

test('a stream has the same content', async () => {
  const { post } = open()
  const body = { prompt: 'A: ', stream: true, echo: true, stream_options: { include_usage: true } }
  const lines = (await (await post(body)).text()).trim().split('\n\n')
  expect(lines.pop()).toBe('data: [DONE]')
  const chunks = lines.map((line) => JSON.parse(line.slice('data: '.length)) as Chunk)
  expect(chunks.pop()).toMatchObject({ choices: [], usage: { total_tokens: 3 } })
  const choices = chunks.flatMap((chunk) => chunk.choices)
  expect(choices.map(({ text }) => text).join('')).toBe('A: Hi')
  expect(choices.map(({ finish_reason: reason }) => reason)).toEqual([null, null, 'stop'])
})

type Chunk = { choices: { text: string; finish_reason: string | null }[] }

test.each([
  [{}, 'prompt'],
  [{ prompt: [1, 2] }, 'prompt'],
  [{ prompt: 'A', suffix: 'B' }, 'suffix'],
  [{ prompt: ['A', 'B'], n: 65 }, 'n'],
])('%j is refused with the field %s', async (body, param) => {
  const { ask, post } = open()
  const response = await post(body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param: expect.stringContaining(param) } })
  expect(ask).not.toHaveBeenCalled()
})
