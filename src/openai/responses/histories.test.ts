import { describe, expect, test } from 'vitest'

import { parseMessagesRequest } from '../../api/request.ts'
import type { SentMessage } from '../../api/types.ts'
import { ApiError } from '../../errors.ts'
import { NO_PAST, type Past, parseResponsesRequest, requestOfResponse } from './request.ts'

/* Histories as clients send them, also of other providers' models. */

function translated(input: unknown, fields: object = {}, past = NO_PAST) {
  const body = parseResponsesRequest({ input, ...fields })
  const asked = requestOfResponse(body, 'claude-sonnet-4-6', past, () => undefined)
  // The result is a valid request.
  parseMessagesRequest(asked.request)
  return asked
}

const ASKED = { role: 'user', content: 'Go.' }
const ASKED_MESSAGE = { role: 'user', content: 'Go.' }

function use(id: string, name = 'look', input: object = {}) {
  return { role: 'assistant', content: [{ type: 'tool_use', id, name, input }] }
}

function result(id: string, content: unknown) {
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] }
}

test('items without a type, or with null as type, are recognised by their fields', () => {
  const input = [
    { type: null, role: 'user', content: 'Go.' },
    { call_id: 'a', name: 'look', arguments: '{}' },
    { type: null, call_id: 'a', output: 'A wall.' },
    { id: 'rs_1', summary: [] },
  ]
  const { request, leftOut } = translated(input)
  expect(request.messages).toEqual([ASKED_MESSAGE, use('a'), result('a', 'A wall.')])
  expect(leftOut).toEqual(['input[3]: reasoning'])
})

test('null counts as absent', () => {
  const input = [
    { type: 'message', role: 'user', content: 'Go.', id: null, status: null },
    { type: 'message', role: 'assistant', content: null },
    { type: 'function_call', call_id: 'a', name: 'look', arguments: null, namespace: null },
    { type: 'function_call_output', call_id: 'a', output: null },
  ]
  expect(translated(input).request.messages).toEqual([ASKED_MESSAGE, use('a'), result('a', '')])
})

test('ids of other providers are replaced, a call and its result by the same id', () => {
  const input = [
    ASKED,
    { type: 'function_call', call_id: 'functions.look:0', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'functions.look:0', output: 'A.' },
    { type: 'function_call', call_id: 'call_1|fc_1', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_1|fc_1', output: 'B.' },
  ]
  const { messages } = translated(input).request
  expect(JSON.stringify(messages)).not.toMatch(/functions\.|\|/)
})

test("an error about such a call names the client's id", () => {
  const input = [
    ASKED,
    { type: 'function_call', call_id: 'functions.look:0', name: 'look', arguments: '{}' },
  ]
  const body = parseResponsesRequest({ input })
  const { request, callIds } = requestOfResponse(
    body,
    'claude-sonnet-4-6',
    NO_PAST,
    () => undefined,
  )
  let error: unknown
  try {
    parseMessagesRequest(request)
  } catch (thrown) {
    error = callIds.restored(thrown)
  }
  expect(error).toBeInstanceOf(ApiError)
  expect(String(error)).toContain('functions.look:0')
})

test('a result that comes a message late, or after a text, goes to its call', () => {
  const call = { type: 'function_call', call_id: 'a', name: 'look', arguments: '{}' }
  const output = { type: 'function_call_output', call_id: 'a', output: 'A.' }
  const late = [ASKED, call, { role: 'user', content: 'Hurry!' }, output]
  expect(translated(late).request.messages).toEqual([
    ASKED_MESSAGE,
    use('a'),
    {
      role: 'user',
      content: [...result('a', 'A.').content, { type: 'text', text: 'Hurry!' }],
    },
  ])
  const later = [
    ASKED,
    call,
    { role: 'user', content: 'Hurry!' },
    { role: 'assistant', content: 'I do.' },
    output,
    { role: 'user', content: 'And?' },
  ]
  expect(translated(later).request.messages[2]?.content).toMatchObject([
    { type: 'tool_result' },
    { type: 'text', text: 'Hurry!' },
  ])
})

test('an empty text beside a call is left out', () => {
  const input = [
    ASKED,
    { role: 'assistant', content: [{ type: 'output_text', text: '' }] },
    { type: 'function_call', call_id: 'a', name: 'look', arguments: '' },
    { type: 'function_call_output', call_id: 'a', output: 'A.' },
  ]
  expect(translated(input).request.messages).toHaveLength(3)
})

test('a developer message inside a conversation stays in its place, also after an earlier response', () => {
  const first = translated([
    { role: 'developer', content: 'Be brief.' },
    ASKED,
    { role: 'assistant', content: 'I do.' },
    { role: 'developer', content: 'Answer in French.' },
    { role: 'user', content: 'And?' },
  ])
  expect(first.request.system).toEqual([{ type: 'text', text: 'Be brief.' }])
  expect(first.request.messages.slice(2)).toEqual([
    { role: 'user', content: 'And?' },
    { role: 'system', content: 'Answer in French.' },
  ])
  const answer: SentMessage = { role: 'assistant', content: 'Oui.' }
  const past: Past = { ...first.added, messages: [...first.added.messages, answer] }
  const input = [
    { role: 'developer', content: 'Answer in German.' },
    { role: 'user', content: 'Why?' },
  ]
  const second = translated(input, {}, past).request
  expect(second.system).toEqual(first.request.system)
  expect(second.messages).toEqual([
    ...first.request.messages,
    answer,
    { role: 'user', content: 'Why?' },
    { role: 'system', content: 'Answer in German.' },
  ])
})

test('system messages alone become the user message', () => {
  expect(translated([{ role: 'system', content: 'Say hello.' }]).request).toEqual({
    messages: [{ role: 'user', content: 'Say hello.' }],
  })
})

test('arguments that are no JSON go to the model unchanged', () => {
  const input = [
    ASKED,
    { type: 'function_call', call_id: 'a', name: 'look', arguments: '{"at": "th' },
    { type: 'function_call_output', call_id: 'a', output: 'No.' },
  ]
  expect(JSON.stringify(translated(input).request.messages[1])).toContain('{\\"at\\": \\"th')
})

describe('items without a counterpart in the API are left out, and named in the header', () => {
  test.each([
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAA' },
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search' } },
    { type: 'file_search_call', id: 'fs_1', queries: ['a'], status: 'completed', results: null },
    { type: 'image_generation_call', id: 'ig_1', result: 'eA==', status: 'completed' },
    { type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'c', outputs: null },
    { type: 'tool_search_call', arguments: {} },
    { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 'docs', tools: [] },
    { type: 'mcp_approval_request', id: 'a', arguments: '{}', name: 'b', server_label: 'c' },
    { type: 'mcp_approval_response', approval_request_id: 'a', approve: true },
    { type: 'compaction', encrypted_content: 'of-another' },
    { type: 'compaction_trigger' },
    { type: 'configuration_update' },
    { type: 'program', id: 'a', call_id: 'b', code: 'c', fingerprint: 'd' },
    { type: 'program_output', id: 'a', call_id: 'b', result: 'c', status: 'completed' },
    { type: 'made_up' },
  ])('$type', (item) => {
    const { request, leftOut } = translated([ASKED, item, { role: 'user', content: 'On.' }])
    expect(request.messages).toHaveLength(2)
    expect(leftOut).toEqual([`input[1]: ${item.type}`])
  })
})

test('tools that a search found are offered', () => {
  const found = [{ type: 'function', name: 'look', parameters: { type: 'object' } }]
  const input = [ASKED, { type: 'tool_search_output', call_id: 'a', tools: found }]
  expect(translated(input)).toMatchObject({ request: { tools: [{ name: 'look' }] }, leftOut: [] })
})

describe('a call of another provider’s computer tool', () => {
  const call = {
    type: 'computer_call',
    id: 'cu_1',
    call_id: 'a',
    actions: [{ type: 'click', button: 'left', x: 3, y: 4 }, { type: 'screenshot' }],
    pending_safety_checks: [],
    status: 'completed',
  }
  const output = {
    type: 'computer_call_output',
    call_id: 'a',
    output: { type: 'computer_screenshot', image_url: 'https://a.example/b.png' },
  }
  const picture = [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }]

  test('with several actions becomes as many calls, and the last one has its result', () => {
    const { messages } = translated([ASKED, call, output]).request
    expect(messages).toEqual([
      ASKED_MESSAGE,
      {
        role: 'assistant',
        content: [
          {
            type: 'tool_use',
            id: 'a_0',
            name: 'computer',
            input: { action: 'left_click', coordinate: [3, 4] },
          },
          { type: 'tool_use', id: 'a', name: 'computer', input: { action: 'screenshot' } },
        ],
      },
      result('a_0', 'Done.'),
      result('a', picture),
    ])
  })

  test('beside another call has all results right after the calls', () => {
    const input = [
      ASKED,
      call,
      { type: 'function_call', call_id: 'b', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'b', output: 'B.' },
      output,
    ]
    const { messages } = translated(input).request
    expect(messages.map(({ role, content }) => `${role} ${idsIn(content)}`)).toEqual([
      'user ',
      'assistant a_0 a',
      'user a_0 a',
      'assistant b',
      'user b',
    ])
  })
})

function idsIn(content: unknown): string {
  if (!Array.isArray(content)) return ''
  return content.map(({ id, tool_use_id: called }) => id ?? called).join(' ')
}
