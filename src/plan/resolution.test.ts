import { describe, expect, test } from 'vitest'

import type { ContentBlock } from '../api/types.ts'
import { answersIn } from './resolution.ts'

const PNG = { type: 'base64', media_type: 'image/png', data: 'AAAA' }

function result(fields: object = {}, id = 'toolu_1'): ContentBlock {
  return { type: 'tool_result', tool_use_id: id, content: 'a tree', ...fields }
}

function image(source: object = PNG): ContentBlock {
  return { type: 'image', source }
}

function text(words: string): ContentBlock {
  return { type: 'text', text: words }
}

describe('results that MCP carries', () => {
  test('a text, as a string or as a block', () => {
    const answer = { content: [{ type: 'text', text: 'a tree' }] }
    expect(answersIn([result()])).toEqual(new Map([['toolu_1', answer]]))
    expect(answersIn([result({ content: [text('a tree')] })])).toEqual(
      new Map([['toolu_1', answer]]),
    )
  })

  test('several texts and images, in order', () => {
    const answers = answersIn([result({ content: [text('one'), image(), text('two')] })])
    expect(answers?.get('toolu_1')).toEqual({
      content: [
        { type: 'text', text: 'one' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        { type: 'text', text: 'two' },
      ],
    })
  })

  test('a failure with one text', () => {
    expect(answersIn([result({ is_error: true })])?.get('toolu_1')).toEqual({
      content: [{ type: 'text', text: 'a tree' }],
      isError: true,
    })
  })

  test('an explicit success', () => {
    expect(answersIn([result({ is_error: false })])?.get('toolu_1')).toEqual({
      content: [{ type: 'text', text: 'a tree' }],
    })
  })

  test('several calls, by id', () => {
    const answers = answersIn([result({}, 'toolu_2'), result({}, 'toolu_1')])
    expect([...(answers?.keys() ?? [])]).toEqual(['toolu_2', 'toolu_1'])
  })
})

describe('a prompt without results, or with results that MCP would change', () => {
  test.each<[string, string | ContentBlock[]]>([
    ['a string', 'a tree'],
    ['text next to a result', [result(), text('Go on.')]],
    ['text alone', [text('Go on.')]],
    ['two results for one call', [result(), result()]],
    ['a result without an id', [result({ tool_use_id: undefined })]],
    ['a result with a cache breakpoint', [result({ cache_control: { type: 'ephemeral' } })]],
    ['a result with an unknown field', [result({ invented_tomorrow: 1 })]],
    ['a result without content', [{ type: 'tool_result', tool_use_id: 'toolu_1' }]],
    ['an empty text', [result({ content: '' })]],
    ['a text of whitespace', [result({ content: [text(' \n'), text('a')] })]],
    ['no blocks', [result({ content: [] })]],
    ['an image by URL', [result({ content: [image({ type: 'url', url: 'https://a.example' })] })]],
    ['an image with a breakpoint', [result({ content: [{ ...image(), cache_control: {} }] })]],
    ['a text with citations', [result({ content: [{ ...text('a'), citations: [] }] })]],
    ['a document', [result({ content: [{ type: 'document', source: PNG }] })]],
    ['a reference to a tool', [result({ content: [{ type: 'tool_reference', tool_name: 'a' }] })]],
    ['a failure of two texts', [result({ is_error: true, content: [text('a'), text('b')] })]],
    ['a failure with an image', [result({ is_error: true, content: [image()] })]],
    ['one of two that does not fit', [result(), result({ content: '' }, 'toolu_2')]],
    ['more than the runtime takes', [result({ content: 'a'.repeat(150_000) })]],
  ])('%s', (_name, prompt) => {
    expect(answersIn(prompt)).toBeUndefined()
  })

  test('an image without a source of the right form is no error', () => {
    expect(answersIn([result({ content: [{ type: 'image', source: null }] })])).toBeUndefined()
  })
})
