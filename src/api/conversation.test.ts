import { describe, expect, it, test } from 'vitest'

import { ApiError } from '../errors.ts'
import { atOnce } from '../steps.ts'
import { checkConversation } from './conversation.ts'
import type { ContentBlock, Message, SentMessage } from './types.ts'

const user = (content: Message['content']): Message => ({ role: 'user', content })
const assistant = (content: Message['content']): Message => ({ role: 'assistant', content })
const text = (value: string): ContentBlock => ({ type: 'text', text: value })
const image: ContentBlock = { type: 'image', source: { type: 'url', url: 'https://example.com' } }
const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'look', input: {} })
const result = (id: string): ContentBlock => ({ type: 'tool_result', tool_use_id: id })

function refusal(messages: readonly SentMessage[]): string | undefined {
  try {
    atOnce(checkConversation(messages))
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ type: 'invalid_request_error', status: 400 })
    return (error as ApiError).message
  }
}

function unexpected(path: string, id: string): string {
  return `${path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`
}

function unanswered(path: string, ids: string): string {
  return `${path}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
}

describe('content', () => {
  const mustHaveContent =
    'all messages must have non-empty content except for the optional final assistant message'

  test.each<[string, SentMessage[], number]>([
    ['an empty system message', [user('a'), { role: 'system', content: [], output_config: {} }], 1],
    ['an empty string', [user('')], 0],
    ['an empty list', [user([])], 0],
    ['an empty assistant turn inside', [user('a'), assistant(''), user('b')], 1],
    ['an empty list inside', [user('a'), assistant([]), user('b')], 1],
    ['an empty user turn at the end', [user('a'), assistant('b'), user('')], 2],
    ['neighbours that are all empty', [user('a'), assistant('b'), user([]), user([])], 2],
  ])('is refused: %s', (_, messages, index) => {
    expect(refusal(messages)).toBe(`messages.${index}: ${mustHaveContent}`)
  })

  test.each<[string, SentMessage[]]>([
    [
      'an empty system message with an output_config',
      [user('a'), { role: 'system', content: [], output_config: { effort: 'low' } }],
    ],
    ['an empty final assistant message', [user('a'), assistant('')]],
    ['a final assistant message without blocks', [user('a'), assistant([])]],
    ['a prefill', [user('a'), assistant('The answer is')]],
    ['an empty list beside a neighbour with content', [user([]), user('a')]],
    ['an assistant that begins', [assistant('a'), user('b')]],
  ])('is taken: %s', (_, messages) => {
    expect(refusal(messages)).toBeUndefined()
  })

  test.each<[string, Message[]]>([
    ['an empty text block', [user([text('')])]],
    ['an empty text block beside another', [user([text(''), text('a')])]],
    ['an empty text block in the final assistant message', [user('a'), assistant([text('')])]],
    ['an empty string that is combined with its neighbour', [user('a'), user('')]],
  ])('must be non-empty in text blocks: %s', (_, messages) => {
    expect(refusal(messages)).toBe('messages: text content blocks must be non-empty')
  })

  test.each<[string, Message[]]>([
    ['a string', [user(' \n\t')]],
    ['a block', [user('a'), assistant([text('\n\n')]), user('b')]],
    ['all blocks', [user([text(' '), text('\n')])]],
    ['all neighbours', [user(' '), user([text('\n')])]],
  ])('must not be whitespace alone: %s', (_, messages) => {
    expect(refusal(messages)).toBe('messages: text content blocks must contain non-whitespace text')
  })

  test.each<[string, Message[]]>([
    ['other text', [user([text(' '), text('a')])]],
    ['an image', [user([image, text('\n')])]],
    ['a neighbour with text', [user(' '), user('a')]],
  ])('may be whitespace beside %s', (_, messages) => {
    expect(refusal(messages)).toBeUndefined()
  })
})

describe('tool results', () => {
  test.each<[string, Message[]]>([
    [
      'one for each call',
      [user('a'), assistant([call('1'), call('2')]), user([result('2'), result('1')])],
    ],
    ['before or after text', [user('a'), assistant([call('1')]), user([text('see'), result('1')])]],
    [
      'in neighbouring messages',
      [user('a'), assistant([call('1'), call('2')]), user([result('1')]), user([result('2')])],
    ],
    [
      'for calls of neighbouring messages',
      [
        user('a'),
        assistant('I look.'),
        assistant([call('1')]),
        assistant([call('2')]),
        user([result('1'), result('2')]),
      ],
    ],
    [
      'with a neighbour of text between call and result',
      [user('a'), assistant([call('1')]), user('One moment.'), user([result('1')])],
    ],
    [
      'in every round',
      [
        user('a'),
        assistant([call('1')]),
        user([result('1')]),
        assistant([call('2')]),
        user([result('2')]),
      ],
    ],
  ])('are taken: %s', (_, messages) => {
    expect(refusal(messages)).toBeUndefined()
  })

  test.each<[string, Message[], string]>([
    ['nothing was called', [user([result('1')])], unexpected('messages.0.content.0', '1')],
    [
      'another call was made',
      [user('a'), assistant([call('1')]), user([result('1'), text('b'), result('2')])],
      unexpected('messages.2.content.2', '2'),
    ],
    [
      'the call was made a round earlier',
      [user('a'), assistant([call('1')]), user([result('1')]), assistant('b'), user([result('1')])],
      unexpected('messages.4.content.0', '1'),
    ],
    [
      'it is the second of two neighbours',
      [user('a'), assistant([call('1')]), user([result('1')]), user([text('b'), result('2')])],
      unexpected('messages.3.content.1', '2'),
    ],
  ])('are refused if %s', (_, messages, message) => {
    expect(refusal(messages)).toBe(message)
  })

  test.each<[string, Message[], string]>([
    [
      'text follows instead',
      [user('a'), assistant([call('1')]), user('b')],
      unanswered('messages.1', '1'),
    ],
    [
      'only some are there',
      [user('a'), assistant([call('1'), call('2'), call('3')]), user([result('2')])],
      unanswered('messages.1', '1, 3'),
    ],
    [
      'they come too late',
      [user('a'), assistant([call('1')]), user('b'), assistant('c'), user([result('1')])],
      unanswered('messages.1', '1'),
    ],
    [
      'the conversation ends with the call',
      [user('a'), assistant([text('b'), call('1')])],
      unanswered('messages.1', '1'),
    ],
    [
      'the call is in the second of two neighbours',
      [user('a'), assistant('b'), assistant([call('1')]), user('c')],
      unanswered('messages.2', '1'),
    ],
  ])('are reported as missing if %s', (_, messages, message) => {
    expect(refusal(messages)).toBe(message)
  })

  it('are not required for tools that ran on the API', () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
    expect(refusal([user('a'), assistant([search, text('b')]), user('c')])).toBeUndefined()
  })

  it('belong in user messages, and calls in assistant messages', () => {
    expect(refusal([user('a'), assistant([result('1')])])).toBe(
      'messages.1: `tool_result` blocks can only be in `user` messages',
    )
    expect(refusal([user('a'), user([call('1')])])).toBe(
      'messages.1: `tool_use` blocks can only be in `assistant` messages',
    )
  })

  it('are listed in an error of bounded length, whatever their number and length', () => {
    const calls = Array.from({ length: 10_000 }, (_, index) => call(`${index}`.repeat(1000)))
    const results = calls.map(({ id }) => result(String(id)))
    expect(refusal([user('a'), assistant(calls), user('b')])).toHaveLength(
      unanswered('messages.1', '').length + 20 * 102 + 1,
    )
    expect(refusal([user(results)])?.length).toBeLessThan(400)
  })
})
