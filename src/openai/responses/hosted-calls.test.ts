import { expect, test } from 'vitest'

import type { ReplyEvent } from '../../api/types.ts'
import { createFold } from '../../stream/fold.ts'
import { responseOf } from './reply.ts'
import { ResponseStream } from './stream.ts'
import { ToolNames } from './tool-names.ts'

/* Calls that run on the API's side: each becomes one item with its result. */

const HEAD = { id: 'resp_1', request: { input: 'Go.' }, createdAt: 0, names: new ToolNames() }

function replyOf(blocks: object[]): ReplyEvent[] {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'made-up',
    content: [],
    stop_reason: null,
    container: { id: 'container_1', expires_at: '2026-01-01T00:00:00Z' },
    usage: { input_tokens: 1, output_tokens: 1 },
  }
  const inner = blocks.flatMap((block, index) => {
    const { input } = block as { input?: object }
    const opened = input === undefined ? block : { ...block, input: {} }
    const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) }
    return [
      { type: 'content_block_start', index, content_block: opened },
      ...(input === undefined ? [] : [{ type: 'content_block_delta', index, delta }]),
      { type: 'content_block_stop', index },
    ]
  })
  return [
    { type: 'message_start', message },
    ...inner,
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ] as unknown as ReplyEvent[]
}

const CODE_RESULT = {
  type: 'code_execution_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: {
    type: 'code_execution_result',
    stdout: '2',
    stderr: 'slow',
    return_code: 0,
    content: [],
  },
}

const CASES = [
  {
    title: 'code',
    blocks: [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'code_execution', input: { code: '1+1' } },
      CODE_RESULT,
    ],
    item: {
      type: 'code_interpreter_call',
      code: '1+1',
      container_id: 'container_1',
      outputs: [{ type: 'logs', logs: '2\nslow' }],
      status: 'completed',
    },
    events: [
      'code_interpreter_call.in_progress',
      'code_interpreter_call_code.delta',
      'code_interpreter_call_code.done',
      'code_interpreter_call.interpreting',
      'code_interpreter_call.completed',
    ],
  },
  {
    title: 'a page that is fetched',
    blocks: [
      {
        type: 'server_tool_use',
        id: 'srvtoolu_1',
        name: 'web_fetch',
        input: { url: 'https://a.example/' },
      },
      {
        type: 'web_fetch_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: { type: 'web_fetch_result', url: 'https://a.example/' },
      },
    ],
    item: {
      type: 'web_search_call',
      action: { type: 'open_page', url: 'https://a.example/' },
      status: 'completed',
    },
    events: [
      'web_search_call.in_progress',
      'web_search_call.searching',
      'web_search_call.completed',
    ],
  },
  {
    title: "a server's tool",
    blocks: [
      {
        type: 'mcp_tool_use',
        id: 'mcptoolu_1',
        name: 'find',
        server_name: 'docs',
        input: { a: 1 },
      },
      {
        type: 'mcp_tool_result',
        tool_use_id: 'mcptoolu_1',
        is_error: false,
        content: [{ type: 'text', text: 'Found.' }],
      },
    ],
    item: {
      type: 'mcp_call',
      server_label: 'docs',
      name: 'find',
      arguments: '{"a":1}',
      output: 'Found.',
      error: null,
      status: 'completed',
    },
    events: [
      'mcp_call.in_progress',
      'mcp_call_arguments.delta',
      'mcp_call_arguments.done',
      'mcp_call.completed',
    ],
  },
  {
    title: "a server's tool that fails",
    blocks: [
      { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'find', server_name: 'docs', input: {} },
      { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: true, content: 'No.' },
    ],
    item: {
      type: 'mcp_call',
      output: null,
      error: { type: 'mcp_tool_execution_error', content: 'No.' },
      status: 'failed',
    },
    events: [
      'mcp_call.in_progress',
      'mcp_call_arguments.delta',
      'mcp_call_arguments.done',
      'mcp_call.failed',
    ],
  },
  {
    title: 'the list of a server',
    blocks: [
      {
        type: 'mcp_tool_listing',
        mcp_server_name: 'docs',
        tools: [{ name: 'find', description: 'Finds.', input_schema: { type: 'object' } }],
      },
    ],
    item: {
      type: 'mcp_list_tools',
      server_label: 'docs',
      tools: [{ name: 'find', description: 'Finds.', input_schema: { type: 'object' } }],
    },
    events: ['mcp_list_tools.in_progress', 'mcp_list_tools.completed'],
  },
]

test.each(CASES)(
  '$title is streamed as it proceeds, and becomes one item',
  ({ blocks, item, events }) => {
    const reply = replyOf(blocks)
    const fold = createFold()
    const stream = new ResponseStream(HEAD, fold, () => 0)
    const told = reply.flatMap((event) => {
      fold.push(event)
      return stream.push(event)
    })
    const types = told.map(({ type }) => type.replace('response.', ''))
    const around = ['output_item.added', 'output_item.done']
    expect(types.slice(2, -1)).toEqual([around[0], ...events, around[1]])
    expect(told.at(-2)).toMatchObject({ item })

    const whole = responseOf(fold.message(), HEAD, 0)
    expect(whole.output).toMatchObject([item])
    expect(told.at(-1)).toMatchObject({ response: whole })
  },
)
