import type { Message } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createFold } from '../../../src/stream/fold.ts'
import { events } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { signedMessage } from '../../support/signing.ts'
import { paceOf, promptFor, REPLIES } from './replies.ts'

/*
 * A whole reply is the folded stream. streaming.test.ts checks that each reply streams like the
 * API's; this file checks that it folds to the API's message. Some are also requested without a
 * stream.
 */

const SOME = [
  'a long text in many pieces',
  'characters of several bytes, cut inside',
  'thinking with its signature',
  'parallel tool calls after text',
  'a server tool with its result and citations',
  'the stop reason max_tokens inside the input of a call',
  'the stop reason refusal without content',
  'no content',
  'a usage with all fields, and some that are not known yet',
  'a fallback to another model',
]

const ASKED = REPLIES.filter(({ title }) => SOME.includes(title))

test.each(REPLIES)(
  'the events fold to the message of the API: $title',
  ({ events: sent, message }) => {
    const fold = createFold()
    for (const event of sent) fold.push(event)
    expect(fold.message()).toStrictEqual(message)
  },
)

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

describe('a whole reply is exactly the message of the API', () => {
  test.each(ASKED)('$title', async ({ title, request, events: sent, message, chunking }) => {
    bench.standin.reply(events(sent, { chunking, ...paceOf({ events: sent }) }))

    const response = await bench.post(asking(promptFor(title), request))

    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('request-id')).toMatch(/^req_/)
    const signed = signedMessage(message as Message, bench.standin.messages.at(-1))
    expect(await response.json()).toStrictEqual(signed)
    expect(bench.countOf(promptFor(title))).toBe(1)
  })

  test('and the API got one request for each', () => {
    const counts = ASKED.map(({ title }) => [title, bench.countOf(promptFor(title))])
    expect(counts).toStrictEqual(ASKED.map(({ title }) => [title, 1]))
    expect(bench.standin.messages).toHaveLength(SOME.length)
  })
})
