import { isDeepStrictEqual } from 'node:util'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyJson, anyText, withReplacement } from '../../test/support/arbitraries.ts'
import { anyRequest, conversation } from '../../test/support/requests.ts'
import { blocksOf, combineMessages } from '../api/combine.ts'
import type { Message, MessagesRequest, SentMessage } from '../api/types.ts'
import { extendLineage, startLineage } from './lineage.ts'
import { planTurn } from './plan-turn.ts'
import { atOnce } from '../steps.ts'

const IDENTITY = { model: 'm', system: '', tools: [], betas: '', runtimeCaching: true }

function lineageOf(messages: readonly Message[]): string {
  return messages.reduce(extendLineage, atOnce(startLineage(IDENTITY)))
}

/** The identity of a conversation, computed in another way than the lineage. */
function meaningOf(messages: readonly Message[]): unknown {
  const meaning = messages.map((message) => [
    message.role,
    blocksOf(message).map((block) =>
      Object.fromEntries(Object.entries(block).filter(([, value]) => value !== null)),
    ),
  ])
  return JSON.parse(JSON.stringify(meaning))
}

/** The same value with the fields of its objects in another order, as another program may write it. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, part]) => [name, shuffled(part)] as const)
  return Object.fromEntries(entries.toReversed())
}

test('two conversations that differ anywhere have different lineages', () => {
  const differing = conversation.chain((messages) =>
    fc.tuple(
      fc.constant(messages),
      withReplacement(fc.constant(messages), anyJson).filter(isConversation),
    ),
  )
  fc.assert(
    fc.property(differing, ([one, other]) => {
      const isSame = isDeepStrictEqual(meaningOf(one), meaningOf(other))
      expect(lineageOf(one) === lineageOf(other)).toBe(isSame)
    }),
    { numRuns: 500 },
  )
})

test('two unrelated conversations have different lineages', () => {
  fc.assert(
    fc.property(conversation, conversation, (one, other) => {
      const isSame = isDeepStrictEqual(meaningOf(one), meaningOf(other))
      expect(lineageOf(one) === lineageOf(other)).toBe(isSame)
    }),
  )
})

test('one message and two messages with the same text have different lineages', () => {
  fc.assert(
    fc.property(anyText, anyText, (before, after) => {
      const whole = lineageOf([{ role: 'user', content: before + after }])
      const blocks = [before, after].map((text) => ({ type: 'text', text }))
      expect(lineageOf([{ role: 'user', content: blocks }])).not.toBe(whole)
      const apart = blocks.map((block): Message => ({ role: 'user', content: [block] }))
      expect(lineageOf(apart)).not.toBe(whole)
    }),
  )
})

test('equal conversations have one lineage, in every notation', () => {
  fc.assert(
    fc.property(conversation, (messages) => {
      const expected = lineageOf(messages)
      expect(lineageOf(shuffled(messages) as Message[])).toBe(expected)
      const asBlocks = messages.map((each) => ({ role: each.role, content: blocksOf(each) }))
      expect(lineageOf(asBlocks)).toBe(expected)
      const apart = asBlocks.flatMap(({ role, content }) =>
        content.map((block): Message => ({ role, content: [block] })),
      )
      expect(lineageOf(combineMessages(apart))).toBe(lineageOf(combineMessages(messages)))
      const withNulls = asBlocks.map(({ role, content }) => ({
        role,
        content: content.map((block) => ({ a_field_left_out: null, ...block })),
      }))
      expect(lineageOf(withNulls)).toBe(expected)
    }),
  )
})

test('another model, system prompt, list of tools or beta makes another lineage', () => {
  const identity = fc.record({
    model: anyText,
    system: anyText,
    tools: fc.array(fc.record({ name: anyText, description: anyText }), { maxLength: 2 }),
    betas: anyText,
    runtimeCaching: fc.boolean(),
  })
  fc.assert(
    fc.property(identity, identity, (one, other) => {
      expect(startLineage(one) === startLineage(other)).toBe(isDeepStrictEqual(one, other))
    }),
  )
})

test('a turn continues from the end of the last one, and from nowhere else', () => {
  const context = {
    defaults: { model: 'made-up' },
    betas: [],
    describeModel: (id: string) => ({ id, alwaysThinks: false }),
  }
  fc.assert(
    fc.property(anyRequest, anyText, anyText, (request, said, more) => {
      const asked = withoutBreakpoints(request)
      const first = atOnce(planTurn(asked, context))
      const reply: Message = { role: 'assistant', content: [{ type: 'text', text: `${said}.` }] }
      const held = [{ role: 'user', content: first.prompt } as const, reply].reduce(
        extendLineage,
        first.lineage,
      )
      const next = (content: Message['content']): string => {
        const messages: SentMessage[] = [
          ...asked.messages,
          { role: 'assistant', content },
          { role: 'user', content: more },
        ]
        return atOnce(planTurn({ ...asked, messages }, context)).lineage
      }
      expect(next(reply.content)).toBe(held)
      expect(next(`${said}.`)).toBe(held)
      expect(next(`${said}?`)).not.toBe(held)
    }),
  )
})

function withoutBreakpoints(request: MessagesRequest): MessagesRequest {
  const text = JSON.stringify(request, (name, value: unknown) =>
    name === 'cache_control' ? undefined : value,
  )
  return JSON.parse(text) as MessagesRequest
}

function isConversation(value: unknown): value is Message[] {
  return (
    Array.isArray(value) &&
    value.every(
      (message: unknown) =>
        isObject(message) &&
        typeof message['role'] === 'string' &&
        (typeof message['content'] === 'string' ||
          (Array.isArray(message['content']) && message['content'].every(isObject))),
    )
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
