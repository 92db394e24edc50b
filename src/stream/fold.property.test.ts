import type { Message } from '@anthropic-ai/sdk/resources/messages'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyJson, anyText, fieldsOf, withReplacement } from '../../test/support/arbitraries.ts'
import { eventsOf } from '../../test/support/events.ts'
import { toolUseMessage } from '../../test/support/messages.ts'
import type { ReplyEvent, StreamEvent } from '../api/types.ts'
import { createFold } from './fold.ts'
import { MessageMerge } from './merge.ts'

const block = fc.oneof(
  anyText.map((text) => ({ type: 'text', text, citations: null })),
  fc
    .tuple(anyText, fc.base64String())
    .map(([thinking, signature]) => ({ type: 'thinking', thinking, signature })),
  fc
    .tuple(anyText, fieldsOf(anyJson))
    .map(([name, input]) => ({ type: 'tool_use', id: 'toolu_1', name, input })),
  fieldsOf(anyJson).map((fields) => ({ ...fields, type: 'block_of_tomorrow' })),
)

const message = fc
  .array(block, { maxLength: 4 })
  .map((content) => ({ ...toolUseMessage([]), content }) as unknown as Message)

/** Events that say nothing about the message. */
const noise = fc.constantFrom({ type: 'ping' }, { type: 'event_of_tomorrow', index: 0 })

function foldAll(events: readonly StreamEvent[]): unknown {
  const fold = createFold()
  for (const event of events) fold.push(event)
  return fold.message()
}

test('the events of any message fold to it', () => {
  fc.assert(
    fc.property(message, fc.infiniteStream(fc.option(noise)), (whole, between) => {
      const events = eventsOf(whole).flatMap((event) => {
        const { value } = between.next()
        return value ? [value, event] : [event]
      })
      expect(JSON.stringify(foldAll(events))).toBe(JSON.stringify(whole))
    }),
  )
})

test('an event with any value in any place is folded or refused, and changes no prototype', () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  const events = message.chain((whole) => withReplacement(fc.constant(eventsOf(whole)), anyJson))
  fc.assert(
    fc.property(events, (broken) => {
      if (!Array.isArray(broken)) return
      try {
        foldAll(broken as StreamEvent[])
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    }),
    { numRuns: 500 },
  )
})

test('a field of any name in a delta becomes a field of the message, and nothing else', () => {
  fc.assert(
    fc.property(fieldsOf(anyJson), (fields) => {
      const [start, ...others] = eventsOf(toolUseMessage([]))
      const delta = { type: 'message_delta', delta: fields, usage: fields }
      const folded = foldAll([start, delta, ...others] as StreamEvent[]) as Record<string, unknown>
      expect(Object.getPrototypeOf(folded)).toBe(Object.prototype)
      expect(Object.getPrototypeOf(folded['usage'])).toBe(Object.prototype)
    }),
  )
})

test('a run joins any messages into one with their texts in order', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
      const merge = new MessageMerge()
      const events = messages.flatMap((each) => eventsOf(each) as unknown as ReplyEvent[])
      const merged = [...events.flatMap((event) => merge.read(event)), ...merge.finish()]
      const folded = foldAll(merged) as Message
      const texts = messages.flatMap(({ content }) => content.filter(({ type }) => type === 'text'))
      expect(JSON.stringify(folded.content)).toBe(JSON.stringify(texts))
      const used = messages.map(({ usage }) => usage.output_tokens)
      expect(folded.usage.output_tokens).toBe(used.reduce((sum, count) => sum + count, 0))
    }),
  )
})
