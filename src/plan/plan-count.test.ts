import { describe, expect, test } from 'vitest'

import type { MessagesRequest } from '../api/types.ts'
import { planCount } from './plan-count.ts'

const CONTEXT = {
  defaults: { model: 'the-default', system: 'Be kind.' },
  describeModel: (name: string) => ({ id: `id of ${name}`, alwaysThinks: false }),
}
const HELLO: MessagesRequest = { messages: [{ role: 'user', content: 'Hello' }] }

function toolIn(tools: NonNullable<MessagesRequest['tools']>) {
  return planCount({ ...HELLO, tools }, CONTEXT).tools[0]
}

test('all messages are counted, with the defaults of the proxy', () => {
  const messages = [...HELLO.messages, { role: 'assistant' as const, content: 'Hi' }]
  expect(planCount({ messages }, CONTEXT)).toEqual({
    model: 'id of the-default',
    system: 'Be kind.',
    tools: [],
    history: messages,
  })
})

describe('a tool', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }

  test('is counted unchanged', () => {
    expect(toolIn([{ name: 'look', description: 'Looks.', input_schema: schema }])).toEqual({
      name: 'look',
      description: 'Looks.',
      inputSchema: schema,
    })
  })

  test('with a description that would be cut has it in its schema', () => {
    const description = 'word '.repeat(1000)
    expect(toolIn([{ name: 'look', description, input_schema: schema }])).toEqual({
      name: 'look',
      description: '',
      inputSchema: { ...schema, description },
    })
  })

  test('with a schema that would be reworded has it one level deeper', () => {
    const alternatives = { type: 'object', oneOf: [{ required: ['a'] }] }
    expect(toolIn([{ name: 'look', input_schema: alternatives }])?.inputSchema).toEqual({
      type: 'object',
      $defs: { input: alternatives },
    })
  })

  test('that the API defines is counted by its definition', () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
    expect(toolIn([search])?.inputSchema).toEqual({ type: 'object', max_uses: 3 })
  })
})
