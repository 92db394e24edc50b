import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cut, events, type StreamElement, PACE } from '../../support/answers.ts'
import { asking, type Bench, startBench } from '../../support/compare-bench.ts'
import { promptFor, type ReplyCase, REPLIES } from './replies.ts'

/** The replies after which the runtime would go on by itself. */
const TEMPTING = [
  'the stop reason max_tokens',
  'the stop reason max_tokens inside the input of a call',
  'the stop reason max_tokens inside a thought',
  'the stop reason model_context_window_exceeded',
  'the stop reason pause_turn',
  'the stop reason refusal',
  'the stop reason refusal without content',
  'the stop reason refusal inside a tool call',
  'no content',
  'no content after tool results',
  'an empty text',
  'nothing but white space',
  'nothing but a thought',
  'a call of a tool that no one offered',
  'a tool call where no tools were offered',
  'a tool call with the stop reason end_turn',
  'the stop reason tool_use without a call',
  'parallel tool calls after text',
]

const ERROR = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }

const BROKEN: [title: string, elements: StreamElement[]][] = [
  ['a stream that is cut', [...opening(), cut()]],
  ['a stream that ends too early', opening()],
  ['an error in the stream', [...opening(), ERROR]],
  ['an error as the first event', [ERROR]],
  ['a stream without events', []],
]

let bench: Bench

beforeAll(async () => {
  bench = await startBench()
})

afterAll(() => bench.close())

describe('one request upstream for one of a client', () => {
  test.each(TEMPTING)('after %s', async (title) => {
    const reply = replyOf(title)
    bench.standin.reset()
    bench.standin.reply(events(reply.events, PACE))

    const response = await bench.post(asking(promptFor(title), { ...reply.request, stream: true }))
    await response.text()

    expect(await bench.countAfterNextTurn()).toBe(1)
    expect(bench.countOf(promptFor(title))).toBe(1)
  })

  test.each(BROKEN)('after %s', async (title, elements) => {
    bench.standin.reset()
    bench.standin.reply(events(elements, PACE))

    const response = await bench.post(asking(promptFor(title), { stream: true }))
    await response.text()

    expect(await bench.countAfterNextTurn()).toBe(1)
  })
})

/** A reply of two text blocks up to the middle of the second. */
function opening(): StreamElement[] {
  const reply = replyOf('two text blocks')
  return reply.events.slice(
    0,
    reply.events.findLastIndex(({ type }) => type === 'content_block_stop'),
  )
}

function replyOf(title: string): ReplyCase {
  const reply = REPLIES.find((one) => one.title === title)
  if (reply === undefined) throw new Error(`There is no reply ${title}.`)
  return reply
}
