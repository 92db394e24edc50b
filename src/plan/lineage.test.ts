import { describe, expect, test } from 'vitest'

import type { Message } from '../api/types.ts'
import { atOnce } from '../steps.ts'
import { extendLineage, type Identity, startLineage } from './lineage.ts'

const IDENTITY: Identity = {
  model: 'claude-sonnet-4-6',
  system: 'Be brief.',
  tools: [{ name: 'look', input_schema: { type: 'object' } }],
  betas: '',
  runtimeCaching: true,
}

function lineageOf(...messages: Message[]): string {
  return messages.reduce(extendLineage, atOnce(startLineage(IDENTITY)))
}

function assistant(...content: object[]): Message {
  return { role: 'assistant', content: content as Exclude<Message['content'], string> }
}

function call(input: unknown): Message {
  return assistant({ type: 'tool_use', id: 'toolu_1', name: 'look', input })
}

const HELLO: Message = { role: 'user', content: 'Hello' }

describe('two conversations have one lineage', () => {
  test('if they are the same', () => {
    expect(lineageOf(HELLO, call({ a: 1 }))).toBe(lineageOf(HELLO, call({ a: 1 })))
  })

  test('if one has a string and the other the same text as a block', () => {
    expect(lineageOf(HELLO)).toBe(
      lineageOf({ role: 'user', content: [{ type: 'text', text: 'Hello' }] }),
    )
  })

  test('if a field of a block is null in one and missing in the other', () => {
    expect(lineageOf(HELLO, assistant({ type: 'text', text: 'Hi', citations: null }))).toBe(
      lineageOf(HELLO, assistant({ type: 'text', text: 'Hi' })),
    )
  })

  test('if only one of them says that the model itself made a call', () => {
    const plain = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
    const direct = assistant({ ...plain, caller: { type: 'direct' } })
    expect(lineageOf(HELLO, direct)).toBe(lineageOf(HELLO, assistant(plain)))
  })

  test('whatever the order of keys, at any depth', () => {
    const one = assistant({ type: 'tool_use', id: 'a', input: { x: { p: 1, q: 2 }, y: [] } })
    const other = assistant({ input: { y: [], x: { q: 2, p: 1 } }, id: 'a', type: 'tool_use' })
    expect(lineageOf(one)).toBe(lineageOf(other))
  })

  test('whatever the order of keys in the identity', () => {
    const reversed = Object.fromEntries(Object.entries(IDENTITY).toReversed()) as Identity
    expect(atOnce(startLineage(reversed))).toBe(atOnce(startLineage(IDENTITY)))
  })
})

describe('two conversations have different lineages', () => {
  test.each<[string, Message[], Message[]]>([
    ['another text', [HELLO], [{ role: 'user', content: 'Hello ' }]],
    ['another role', [HELLO], [{ role: 'assistant', content: 'Hello' }]],
    ['one message more', [HELLO], [HELLO, HELLO]],
    ['two blocks for one', [assistant(text('ab'))], [assistant(text('a'), text('b'))]],
    [
      'two messages for one',
      [assistant(text('a'), text('b'))],
      [assistant(text('a')), assistant(text('b'))],
    ],
    [
      'blocks in another order',
      [assistant(text('a'), text('b'))],
      [assistant(text('b'), text('a'))],
    ],
    ['messages in another order', [HELLO, assistant(text('a'))], [assistant(text('a')), HELLO]],
    ['a list of pairs for an object', [call({ a: 1 })], [call([['a', 1]])]],
    ['a list for an object with indices', [call({ 0: 'a' })], [call(['a'])]],
    ['a number for its text', [call({ a: 1 })], [call({ a: '1' })]],
    ['a null in the input of a call', [call({ a: null })], [call({})]],
    ['an empty object for an empty list', [call({ a: {} })], [call({ a: [] })]],
    ['a list in another order', [call({ a: [1, 2] })], [call({ a: [2, 1] })]],
    ['a key of the prototype', [call(JSON.parse('{"__proto__":{"a":1}}'))], [call({})]],
    ['another signature of a thought', [thought('x')], [thought('y')]],
    [
      'a call that a server tool made',
      [assistant({ type: 'tool_use', caller: { type: 'direct' } })],
      [assistant({ type: 'tool_use', caller: { type: 'code_execution_20250825', tool_id: 'a' } })],
    ],
    [
      'a cache breakpoint',
      [assistant(text('a'))],
      [assistant({ ...text('a'), cache_control: { type: 'ephemeral' } })],
    ],
  ])('for %s', (_name, one, other) => {
    expect(lineageOf(...one)).not.toBe(lineageOf(...other))
  })

  test.each<Partial<Identity>>([
    { model: 'claude-haiku-4-5' },
    { system: '' },
    { tools: [] },
    { tools: [{ name: 'look', input_schema: { type: 'object' }, description: 'Looks.' }] },
    { betas: 'made-up-2026-01-01' },
    { runtimeCaching: false },
  ])('for another identity: %j', (change) => {
    expect(startLineage({ ...IDENTITY, ...change })).not.toBe(startLineage(IDENTITY))
  })

  test('for tools in another order, which the wire has too', () => {
    const tools = [{ name: 'a' }, { name: 'b' }]
    expect(startLineage({ ...IDENTITY, tools })).not.toBe(
      startLineage({ ...IDENTITY, tools: tools.toReversed() }),
    )
  })
})

test('a lineage reveals nothing of the conversation', () => {
  expect(lineageOf(HELLO)).toMatch(/^[\w-]{43}$/)
})

function text(words: string): object {
  return { type: 'text', text: words }
}

function thought(signature: string): Message {
  return assistant({ type: 'thinking', thinking: 'Hm.', signature })
}
