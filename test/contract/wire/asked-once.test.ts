import type { ContentBlock, Message } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { events } from '../../support/answers.ts'
import { CARRIER } from '../../support/carrier.ts'
import { eventsOf } from '../../support/events.ts'
import { assistantMessage, textBlock, usage } from '../../support/messages.ts'
import { type RuntimeGate, watchGate } from '../../support/runtime-gate.ts'
import { type Bench, startBench } from './bench.ts'
import { asking, WEATHER_TOOL } from './samples.ts'

/*
 * The runtime may request the rest of a reply by itself. It decides by the size of its
 * conversation, which it takes from the API's usage. Gateways report all kinds of numbers.
 */
let bench: Bench
let gate: RuntimeGate

beforeAll(async () => {
  gate = watchGate()
  bench = await startBench()
})

afterAll(() => bench.close())

const call = (name: string): ContentBlock =>
  ({ type: 'tool_use', id: `toolu_${name}`, name, input: {} }) as ContentBlock

const ENDINGS: Record<string, Pick<Message, 'content' | 'stop_reason'>> = {
  'a call': { content: [call('get_weather')], stop_reason: 'tool_use' },
  'a call of an unknown tool': { content: [call('nothing')], stop_reason: 'tool_use' },
  'a call without an end': { content: [call('get_weather')], stop_reason: 'max_tokens' },
  'a stop reason of tool_use without a call': {
    content: [textBlock('Hm.')],
    stop_reason: 'tool_use',
  },
  nothing: { content: [], stop_reason: 'end_turn' },
  'a thought alone': {
    content: [{ type: 'thinking', thinking: 'Hm.', signature: 'c2ln' }],
    stop_reason: 'end_turn',
  },
  'no room': { content: [textBlock('Hm')], stop_reason: 'max_tokens' },
  'a full window': { content: [textBlock('Hm')], stop_reason: 'model_context_window_exceeded' },
}

test.each([0, 6, 26])(
  'each reply is requested once, if the API reports %i tokens',
  async (tokens) => {
    for (const [name, reply] of Object.entries(ENDINGS)) {
      const told = usage({
        input_tokens: tokens,
        output_tokens: Math.min(1, tokens),
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      })
      const message = assistantMessage(reply.content, {
        stop_reason: reply.stop_reason,
        usage: told,
      })
      // A conversation that is sent as a whole has limits instead of the gate: see `wholeKind`.
      const isGated = CARRIER === 'turns'
      bench.standin.answer = () => events([...(isGated ? [gate.closed] : []), ...eventsOf(message)])
      // `send` fails if there was a request between two replies, or more than one for a reply.
      const body = { ...asking(`${name}, ${tokens} tokens`), tools: [WEATHER_TOOL] }
      await bench.send({ body })
    }
    bench.standin.answer = () => events(eventsOf(assistantMessage([textBlock('Yes.')])))
    const { reply } = await bench.send({ body: asking(`The last, ${tokens}`) })
    expect(reply.content).toEqual([textBlock('Yes.')])
  },
)
