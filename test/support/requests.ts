import * as fc from 'fast-check'

import type { ContentBlock, Message, MessagesRequest } from '../../src/api/types.ts'
import { anyJson, anyName, anyText, fieldsOf } from './arbitraries.ts'

const inkyText = anyText.map((text) => `${text}.`)

const cacheControl = fc.constantFrom(
  { type: 'ephemeral' },
  { type: 'ephemeral', ttl: '5m' },
  { type: 'ephemeral', ttl: '1h' },
)

const textBlock = fc.record(
  { type: fc.constant('text'), text: inkyText, cache_control: cacheControl },
  { requiredKeys: ['type', 'text'] },
)

const imageBlock = fc.record({
  type: fc.constant('image'),
  source: fc.record({
    type: fc.constant('base64'),
    media_type: fc.constant('image/png'),
    data: fc.base64String(),
  }),
})

const unknownBlock = fc
  .tuple(fieldsOf(anyJson), fc.constantFrom('search_result', 'block_of_tomorrow', '__proto__'))
  .map(([fields, type]): ContentBlock => ({ ...fields, type }))

const userBlock = fc.oneof(textBlock, imageBlock, unknownBlock)

const thought = fc.record({
  type: fc.constant('thinking'),
  thinking: anyText,
  signature: fc.base64String(),
})

/** A call and its result, with a common id. */
const call = fc.record({
  name: anyName,
  input: fieldsOf(anyJson),
  content: fc.option(fc.oneof(anyText, fc.array(fc.oneof(textBlock, imageBlock))), {
    nil: undefined,
  }),
  isError: fc.option(fc.boolean(), { nil: undefined }),
})

type Exchange = {
  prompt: Message['content']
  said: ContentBlock[]
  calls: (typeof call extends fc.Arbitrary<infer Call> ? Call : never)[]
}

const exchange: fc.Arbitrary<Exchange> = fc.record({
  prompt: fc.oneof(inkyText, fc.array(userBlock, { minLength: 1, maxLength: 3 })),
  said: fc.array(fc.oneof(textBlock, thought), { minLength: 1, maxLength: 2 }),
  calls: fc.array(call, { maxLength: 2 }),
})

/** A conversation that keeps the API's rules, and ends with a message of the user. */
export const conversation: fc.Arbitrary<Message[]> = fc
  .array(exchange, { minLength: 1, maxLength: 4 })
  .map((exchanges) => exchanges.flatMap(messagesOf).slice(0, -1))
  .filter((messages) => messages.at(-1)?.role === 'user')

function messagesOf({ prompt, said, calls }: Exchange, position: number): Message[] {
  const named = calls.map((each, index) => ({ ...each, id: `toolu_${position}_${index}` }))
  const uses = named.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input }))
  const results = named.map(({ id, content, isError }) => ({
    type: 'tool_result',
    tool_use_id: id,
    ...(content !== undefined && { content }),
    ...(isError !== undefined && { is_error: isError }),
  }))
  const asked: Message[] = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: [...said, ...uses] },
  ]
  if (results.length === 0) return asked
  return [
    ...asked,
    { role: 'user', content: results },
    { role: 'assistant', content: [{ type: 'text', text: 'Done.' }] },
  ]
}

const tool = fc.record(
  { name: anyName, description: anyText, input_schema: fieldsOf(anyJson) },
  { requiredKeys: ['name', 'input_schema'] },
)

/** A request that the API could answer, with additional fields of any name. */
export const anyRequest: fc.Arbitrary<MessagesRequest> = fc
  .tuple(
    fieldsOf(anyJson),
    fc.record(
      {
        messages: conversation,
        model: inkyText,
        system: fc.oneof(anyText, fc.array(textBlock)),
        tools: fc.array(tool, { maxLength: 3 }),
        max_tokens: fc.nat(),
        temperature: fc.double({ min: 0, max: 1, noNaN: true }),
        stream: fc.boolean(),
        metadata: fieldsOf(anyJson),
      },
      { requiredKeys: ['messages'] },
    ),
  )
  .map(([fields, known]) => ({ ...withoutKnown(fields), ...known }))

function withoutKnown(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'thread'))
}
