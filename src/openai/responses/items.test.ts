import * as fc from 'fast-check'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'

import { combineMessages } from '../../api/combine.ts'
import type { ContentBlock } from '../../api/types.ts'
import { extendLineage } from '../../plan/lineage.ts'
import { conversationOf, itemContext } from './items.ts'
import { type Block, outputItems } from './output.ts'
import { ToolNames } from './tool-names.ts'

const HEAD = { responseId: 'resp_1', names: new ToolNames() }

const blocks = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('thinking'),
      thinking: fc.string(),
      signature: fc.base64String(),
    }),
    fc.record({ type: fc.constant('redacted_thinking'), data: fc.base64String() }),
    fc.record({ type: fc.constant('text'), text: fc.string({ minLength: 1, unit: 'grapheme' }) }),
    fc.record({
      type: fc.constant('tool_use'),
      id: fc.uuid(),
      name: fc.constantFrom('look', 'listen'),
      input: fc
        .dictionary(fc.string(), fc.jsonValue())
        .map((input) => JSON.parse(JSON.stringify(input)) as object),
    }),
  ),
  { minLength: 1 },
)

test('an answer that is returned by its items is the same, including thoughts and order', () => {
  fc.assert(
    fc.property(blocks, (answer) => {
      const items = outputItems(answer as unknown as Block[], HEAD, true) as ResponseInputItem[]
      const sent = JSON.parse(JSON.stringify(items)) as ResponseInputItem[]
      const messages = conversationOf(sent, itemContext())
      const lineages = combineMessages(messages).map((message) => extendLineage('', message))
      const content = answer as unknown as ContentBlock[]
      expect(lineages).toEqual([extendLineage('', { role: 'assistant', content })])
    }),
  )
})

describe('input', () => {
  test('that is a text becomes a user message', () => {
    expect(conversationOf('Hello.', itemContext())).toEqual([{ role: 'user', content: 'Hello.' }])
  })

  test('of all kinds is translated', () => {
    const input = [
      { role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
      { type: 'message', role: 'developer', content: '' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'See.' },
          { type: 'input_image', image_url: 'https://a.example/b.png', detail: 'auto' },
          { type: 'input_file', file_url: 'https://a.example/c.pdf' },
        ],
      },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'Why?' },
    ] as unknown as ResponseInputItem[]
    expect(conversationOf(input, itemContext())).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See.' },
          { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
          { type: 'document', source: { type: 'url', url: 'https://a.example/c.pdf' } },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'No.' }] },
      { role: 'user', content: 'Why?' },
    ])
  })

  test('may refer to an item of an earlier response', () => {
    const [given] = outputItems([{ type: 'text', text: 'Hi.' } as Block], HEAD, true)
    const find = (id: string) => (id === given?.id ? given : undefined)
    const input = [{ type: 'item_reference' as const, id: 'msg_1_0' }]
    expect(
      conversationOf(input, itemContext({ findItem: find as () => ResponseInputItem })),
    ).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] }])
    expect(() =>
      conversationOf([{ type: 'item_reference', id: 'msg_2_0' }], itemContext()),
    ).toThrow(/the item 'msg_2_0' is no longer stored/)
  })
})
