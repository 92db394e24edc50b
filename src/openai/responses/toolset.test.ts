import type {
  ResponseInputItem,
  ResponseOutputItem,
  ResponseStreamEvent,
  Tool,
} from 'openai/resources/responses/responses'
import { describe, expect, test } from 'vitest'

import { eventsOf } from '../../../test/support/events.ts'
import { toolUseMessage } from '../../../test/support/messages.ts'
import { ApiError } from '../../errors.ts'
import { createFold } from '../../stream/fold.ts'
import { NO_PAST, parseResponsesRequest, requestOfResponse } from './request.ts'
import { ResponseStream } from './stream.ts'

function translated(fields: object, model = 'claude-sonnet-4-6') {
  const body = parseResponsesRequest({ input: 'Go.', ...fields })
  return requestOfResponse(body, model, NO_PAST, () => undefined)
}

function toolsOf(...tools: object[]) {
  return translated({ tools }).request.tools
}

/** The events of a reply that calls a tool, by the API's name, with other fields of its block. */
function calling(
  tools: object[],
  name: string,
  input: object,
  fields: object = {},
): ResponseStreamEvent[] {
  const { names } = translated({ tools })
  const head = { id: 'resp_1', request: { input: 'Go.' }, createdAt: 0, names }
  const fold = createFold()
  const stream = new ResponseStream(head, fold, () => 0)
  const call = { id: 'toolu_1', name, input: input as never, ...fields }
  const message = toolUseMessage([call])
  return eventsOf(message).flatMap((event) => {
    fold.push(event)
    return stream.push(event)
  })
}

function itemIn(events: ResponseStreamEvent[]): ResponseOutputItem | undefined {
  return events.find((event) => event.type === 'response.output_item.done')?.item
}

/** The call of an item that comes back, as the API gets it. */
function sentBack(tools: object[], item: unknown, output: object, model?: string) {
  const input = [{ role: 'user', content: 'Go.' }, item, output]
  return translated({ tools, input }, model).request.messages.slice(1)
}

const LOCAL_SHELL = { type: 'local_shell' }
const SHELL = { type: 'shell' }
const PATCH = { type: 'apply_patch' }
const COMPUTER = {
  type: 'computer_use_preview',
  display_width: 800,
  display_height: 600,
  environment: 'linux',
}
const EDIT = { type: 'custom', name: 'edit', description: 'Edits.' }
const GROUP = {
  type: 'namespace',
  name: 'files',
  description: 'About files.',
  tools: [
    { type: 'function', name: 'read', description: 'Reads.', parameters: { type: 'object' } },
    { type: 'custom', name: 'write' },
  ],
}
const FUNCTION = { type: 'function', name: 'read', parameters: { type: 'object' } }

type Case = {
  title: string
  tool: object
  name: string
  input: object
  item: object
  output: object
  result: unknown
}

const CASES: Case[] = [
  {
    title: 'a function in a namespace',
    tool: GROUP,
    name: 'files__read',
    input: { at: 1 },
    item: { type: 'function_call', name: 'read', namespace: 'files', arguments: '{"at":1}' },
    output: { type: 'function_call_output', call_id: 'toolu_1', output: 'Text.' },
    result: 'Text.',
  },
  {
    title: 'a free text in a namespace',
    tool: GROUP,
    name: 'files__write',
    input: { input: 'a\n"b"' },
    item: { type: 'custom_tool_call', name: 'write', namespace: 'files', input: 'a\n"b"' },
    output: { type: 'custom_tool_call_output', call_id: 'toolu_1', output: 'Done.' },
    result: 'Done.',
  },
  {
    title: 'a free text',
    tool: EDIT,
    name: 'edit',
    input: { input: 'text' },
    item: { type: 'custom_tool_call', name: 'edit', input: 'text' },
    output: {
      type: 'custom_tool_call_output',
      call_id: 'toolu_1',
      output: [{ type: 'input_text', text: 'Done.' }],
    },
    result: [{ type: 'text', text: 'Done.' }],
  },
  {
    title: 'the local shell',
    tool: LOCAL_SHELL,
    name: 'local_shell',
    input: { command: ['ls', '-l'], working_directory: '/scratch' },
    item: {
      type: 'local_shell_call',
      action: { type: 'exec', command: ['ls', '-l'], env: {}, working_directory: '/scratch' },
    },
    output: { type: 'local_shell_call_output', id: 'toolu_1', output: 'a' },
    result: 'a',
  },
  {
    title: 'the shell',
    tool: SHELL,
    name: 'shell',
    input: { commands: ['ls', 'pwd'], timeout_ms: 5 },
    item: {
      type: 'shell_call',
      action: { commands: ['ls', 'pwd'], timeout_ms: 5, max_output_length: null },
      environment: { type: 'local' },
    },
    output: {
      type: 'shell_call_output',
      call_id: 'toolu_1',
      output: [
        { stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } },
        { stdout: '', stderr: 'b', outcome: { type: 'timeout' } },
      ],
    },
    result: ['a', 'exit code: 0', 'b', 'timed out'].map((text) => ({ type: 'text', text })),
  },
  {
    title: 'a patch',
    tool: PATCH,
    name: 'apply_patch',
    input: { type: 'update_file', path: 'a', diff: '@@\n-a\n+b' },
    item: {
      type: 'apply_patch_call',
      operation: { type: 'update_file', path: 'a', diff: '@@\n-a\n+b' },
    },
    output: { type: 'apply_patch_call_output', call_id: 'toolu_1', status: 'completed' },
    result: 'completed',
  },
  {
    title: 'the computer',
    tool: COMPUTER,
    name: 'computer',
    input: { action: 'left_click', coordinate: [3, 4], text: 'ctrl+shift' },
    item: {
      type: 'computer_call',
      action: { type: 'click', button: 'left', x: 3, y: 4, keys: ['ctrl', 'shift'] },
      pending_safety_checks: [],
    },
    output: {
      type: 'computer_call_output',
      call_id: 'toolu_1',
      output: { type: 'computer_screenshot', image_url: 'https://a.example/b.png' },
    },
    result: [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }],
  },
]

describe.each(CASES)('$title', ({ tool, name, input, item, output, result }) => {
  test('is offered under a name that the API accepts', () => {
    expect(toolsOf(tool)?.map((one) => one.name)).toContain(name)
  })

  test('is called in its own form', () => {
    const events = calling([tool], name, input)
    expect(itemIn(events)).toMatchObject({ ...item, call_id: 'toolu_1', status: 'completed' })
    expect(events.at(-1)).toMatchObject({ response: { output: [itemIn(events)] } })
  })

  test('is the same call when a client returns it, with its result', () => {
    const call = itemIn(calling([tool], name, input))
    expect(sentBack([tool], call, output)).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name, input }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: result }],
      },
    ])
  })
})

describe('the computer', () => {
  test.each([
    ['claude-sonnet-4-5', 'computer_20250124', 'computer-use-2025-01-24'],
    ['claude-haiku-4-5-20251001', 'computer_20250124', 'computer-use-2025-01-24'],
    ['claude-3-7-sonnet-20250219', 'computer_20250124', 'computer-use-2025-01-24'],
    ['us.anthropic.claude-opus-4-5-v1:0', 'computer_20251124', 'computer-use-2025-11-24'],
    ['claude-sonnet-4-6', 'computer_20251124', 'computer-use-2025-11-24'],
    ['claude-sonnet-5', 'computer_20251124', 'computer-use-2025-11-24'],
    ['claude-fable-5-1', 'computer_20251124', 'computer-use-2025-11-24'],
    ['claude-fable-5-2', 'computer_toolset_20260801', undefined],
    ['claude-opus-5-5', 'computer_toolset_20260801', undefined],
    ['claude-sonnet-5-5', 'computer_toolset_20260801', undefined],
    ['claude-haiku-5-5', 'computer_toolset_20260801', undefined],
    ['a-deployment', 'computer_toolset_20260801', undefined],
  ])('is offered to %s as %s', (model, type, beta) => {
    const { request, betas } = translated({ tools: [COMPUTER] }, model)
    expect(request.tools).toMatchObject([{ type }])
    expect(betas).toEqual(beta === undefined ? [] : [beta])
  })

  test('as a toolset has no name and no size, and no actions that OpenAI lacks', () => {
    const [tool] = translated({ tools: [COMPUTER] }, 'claude-opus-5-5').request.tools ?? []
    expect(tool).toEqual({
      type: 'computer_toolset_20260801',
      configs: {
        cursor_position: { enabled: false },
        hold_key: { enabled: false },
        left_mouse_down: { enabled: false },
        left_mouse_up: { enabled: false },
        triple_click: { enabled: false },
        zoom: { enabled: false },
      },
    })
  })

  test('as a toolset is called in its own form, also when a client returns it', () => {
    const fields = { toolset_name: 'computer' }
    const input = { coordinate: [3, 4], scroll_direction: 'down', scroll_amount: 2 }
    const item = itemIn(calling([COMPUTER], 'scroll', input, fields))
    expect(item).toMatchObject({
      type: 'computer_call',
      call_id: 'toolu_1',
      action: { type: 'scroll', x: 3, y: 4, scroll_x: 0, scroll_y: 200 },
    })
    const output = {
      type: 'computer_call_output',
      call_id: 'toolu_1',
      output: { type: 'computer_screenshot', image_url: 'https://a.example/b.png' },
    }
    expect(sentBack([COMPUTER], item, output, 'claude-sonnet-5-5')).toMatchObject([
      { content: [{ type: 'tool_use', id: 'toolu_1', name: 'scroll', ...fields, input }] },
      { content: [{ type: 'tool_result', tool_use_id: 'toolu_1', ...fields }] },
    ])
  })

  test('as a toolset does not affect a function of the same name', () => {
    const wait = { type: 'function', name: 'wait' }
    const item = itemIn(calling([COMPUTER, wait], 'wait', { seconds: 1 }))
    expect(item).toMatchObject({ type: 'function_call', name: 'wait', arguments: '{"seconds":1}' })
  })

  test('as a toolset can be chosen', () => {
    const asked = { tools: [COMPUTER, FUNCTION], tool_choice: { type: 'computer' } }
    const { request } = translated(asked, 'claude-fable-5-2')
    expect(request).toMatchObject({
      tools: [{ type: 'computer_toolset_20260801' }],
      tool_choice: { type: 'any' },
    })
  })
})

test('a function of the same name as one in a namespace has another name for the API', () => {
  const odd = { type: 'function', name: 'files__read' }
  const names = toolsOf(GROUP, odd, FUNCTION)?.map(({ name }) => name) ?? []
  expect(new Set(names).size).toBe(4)
  const [, , other = ''] = names
  const item = itemIn(calling([GROUP, odd], other, {}))
  expect(item).toMatchObject({ type: 'function_call', name: 'files__read' })
  expect(item).not.toHaveProperty('namespace')
})

test('a name that the API refuses is mapped there and back, offered or not', () => {
  const tool = { type: 'function', name: 'functions.look at' }
  const [{ name = '' } = {}] = toolsOf(tool) ?? []
  expect(name).toMatch(/^[a-zA-Z0-9_-]+$/)
  expect(itemIn(calling([tool], name, {}))).toMatchObject({ name: tool.name })
  const call = { type: 'function_call', call_id: 'a', name: tool.name, arguments: '{}' }
  const output = { type: 'function_call_output', call_id: 'a', output: 'b' }
  expect(sentBack([], call, output)[0]?.content).toMatchObject([{ name }])
})

test('each tool of a namespace gets its description', () => {
  expect(toolsOf(GROUP)?.[0]).toMatchObject({ description: 'About files.\n\nReads.' })
})

test('a tool that is offered again replaces the first', () => {
  const again = { ...FUNCTION, description: 'Anew.' }
  const input = [{ type: 'additional_tools', role: 'developer', tools: [again] }]
  const { request } = translated({
    tools: [FUNCTION],
    input: [...input, { role: 'user', content: 'Go.' }],
  })
  expect(request.tools).toMatchObject([{ name: 'read', description: 'Anew.' }])
})

test('the commands of a shell are listed one by one', () => {
  const types = calling([SHELL], 'shell', { commands: ['ls', 'pwd'] }).map(({ type }) => type)
  expect(types.filter((type) => type.includes('shell_call_command'))).toEqual([
    'response.shell_call_command.added',
    'response.shell_call_command.delta',
    'response.shell_call_command.done',
    'response.shell_call_command.added',
    'response.shell_call_command.delta',
    'response.shell_call_command.done',
  ])
})

test('an input of an unexpected form is passed on unchanged', () => {
  const events = calling([EDIT], 'edit', { text: 'a' })
  expect(itemIn(events)).toMatchObject({ input: '{"text":"a"}' })
  expect(events.filter(({ type }) => type.endsWith('input.delta'))).toMatchObject([
    { delta: '{"text":"a"}' },
  ])
})

test('a failed patch is reported as a failure', () => {
  const call = {
    type: 'apply_patch_call',
    call_id: 'a',
    operation: { type: 'delete_file', path: 'b' },
    status: 'completed',
  } as ResponseInputItem
  const output = { type: 'apply_patch_call_output', call_id: 'a', status: 'failed', output: 'No.' }
  expect(sentBack([PATCH], call, output)[1]?.content).toMatchObject([
    { content: 'No.', is_error: true },
  ])
})

const MCP = {
  type: 'mcp',
  server_label: 'docs',
  server_url: 'https://mcp.example/',
  require_approval: 'never',
}

describe('a remote MCP server', () => {
  test('becomes a server of the MCP connector', () => {
    const headers = { Authorization: 'Bearer made-up', 'X-Other': 'a' }
    const { request, betas, leftOut } = translated({ tools: [{ ...MCP, headers }] })
    expect(request).toMatchObject({
      tools: [{ type: 'mcp_toolset', mcp_server_name: 'docs' }],
      mcp_servers: [
        {
          type: 'url',
          name: 'docs',
          url: 'https://mcp.example/',
          authorization_token: 'made-up',
        },
      ],
    })
    expect(betas).toEqual(['mcp-client-2025-11-20'])
    expect(leftOut).toEqual(['tools[0].headers'])
  })

  test('has only the allowed tools that need no approval', () => {
    const allowed = { ...MCP, allowed_tools: ['a', 'b'] }
    const approval = { never: { tool_names: ['b', 'c'] } }
    expect(toolsOf({ ...allowed, require_approval: approval })).toMatchObject([
      { default_config: { enabled: false }, configs: { b: { enabled: true } } },
    ])
    expect(toolsOf(allowed)).toMatchObject([
      { configs: { a: { enabled: true }, b: { enabled: true } } },
    ])
  })

  test.each([
    ['asks for approval', { ...MCP, require_approval: 'always' }, 'mcp that asks for approval'],
    [
      'does not mention approval',
      { ...MCP, require_approval: undefined },
      'mcp that asks for approval',
    ],
    ['is a connector', { ...MCP, server_url: undefined }, 'mcp without server_url'],
  ])('is left out if it %s', (_, tool, what) => {
    expect(translated({ tools: [tool] }).leftOut).toEqual([`tools[0]: ${what}`])
  })

  test('is named in the header if its earlier calls come back', () => {
    const call = {
      type: 'mcp_call',
      id: 'mcp_1',
      server_label: 'docs',
      name: 'find',
      arguments: '{"a":1}',
      output: 'Found.',
    }
    const input = [{ role: 'user', content: 'Go.' }, call, { role: 'user', content: 'On.' }]
    const id = expect.stringMatching(/^mcptoolu_[a-zA-Z0-9]+$/) as string
    expect(translated({ input, tools: [MCP] }).request.messages[1]?.content).toEqual([
      { type: 'mcp_tool_use', id, name: 'find', server_name: 'docs', input: { a: 1 } },
      {
        type: 'mcp_tool_result',
        tool_use_id: id,
        is_error: false,
        content: [{ type: 'text', text: 'Found.' }],
      },
    ])
    expect(translated({ input }).leftOut).toEqual(['input[1]: mcp_call'])
  })
})

test('hosted tools become the tools of the API', () => {
  const tools = [
    { type: 'code_interpreter', container: { type: 'auto' } },
    { type: 'web_fetch' },
    {
      type: 'web_search',
      external_web_access: true,
      filters: { blocked_domains: ['a.example'] },
      user_location: { type: 'approximate', city: 'Oslo', region: null },
    },
  ]
  expect(toolsOf(...tools)).toEqual([
    { type: 'code_execution_20250825', name: 'code_execution' },
    { type: 'web_fetch_20250910', name: 'web_fetch' },
    {
      type: 'web_search_20250305',
      name: 'web_search',
      blocked_domains: ['a.example'],
      user_location: { type: 'approximate', city: 'Oslo' },
    },
  ])
})

test.each([
  ['file_search', { type: 'file_search', vector_store_ids: [] }, 'file_search'],
  ['image_generation', { type: 'image_generation' }, 'image_generation'],
  ['tool_search', { type: 'tool_search' }, 'tool_search'],
  ['an unknown tool', { type: 'made_up' }, 'made_up'],
  [
    'a search without the web',
    { type: 'web_search', external_web_access: false },
    'web_search without external_web_access',
  ],
  [
    'a hosted shell',
    { type: 'shell', environment: { type: 'container_auto' } },
    'shell in a container',
  ],
])('%s is left out, and named in the header', (_, tool, what) => {
  const { request, leftOut } = translated({ tools: [FUNCTION, tool as Tool] })
  expect(request.tools).toHaveLength(1)
  expect(leftOut).toEqual([`tools[1]: ${what}`])
})

test.each([
  ['a function', { type: 'function', name: 'read' }, { type: 'tool', name: 'read' }],
  ['a free text', { type: 'custom', name: 'edit' }, { type: 'tool', name: 'edit' }],
  [
    'a function of a namespace',
    { type: 'function', name: 'read', namespace: 'files' },
    { type: 'tool', name: 'files__read' },
  ],
  ['a shell', { type: 'shell' }, { type: 'tool', name: 'shell' }],
  ['a patch', { type: 'apply_patch' }, { type: 'tool', name: 'apply_patch' }],
  ['a computer', { type: 'computer_use_preview' }, { type: 'tool', name: 'computer' }],
  ['code', { type: 'code_interpreter' }, { type: 'tool', name: 'code_execution' }],
  ['a server', { type: 'mcp', server_label: 'docs' }, { type: 'any' }],
])('a forced call of %s stays forced', (_, choice, expected) => {
  const code = { type: 'code_interpreter', container: { type: 'auto' } }
  const tools = [FUNCTION, EDIT, GROUP, SHELL, PATCH, COMPUTER, code, MCP]
  const { request } = translated({ tools, tool_choice: choice })
  expect(request.tool_choice).toEqual(expected)
  expect(request.tools?.length).toBe(choice.type === 'mcp' ? 1 : 9)
})

test.each([
  ['a tool that was left out', { type: 'file_search' }],
  ['any tool, if all were left out', 'required'],
  ['a tool that is not offered', { type: 'function', name: 'made_up' }],
  [
    'one of tools that were left out',
    { type: 'allowed_tools', mode: 'required', tools: [{ type: 'file_search' }] },
  ],
])('a forced call of %s is refused', (_, choice) => {
  const ask = () => translated({ tools: [{ type: 'file_search' }], tool_choice: choice })
  expect(ask).toThrow(ApiError)
  expect(ask).toThrow(/^tool_choice: it forces a tool/)
})

test('only the allowed tools are offered', () => {
  const allowed = [
    { type: 'function', name: 'read' },
    { type: 'namespace', name: 'files' },
  ]
  const { request } = translated({
    tools: [FUNCTION, EDIT, GROUP],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: allowed },
  })
  expect(request.tools?.map(({ name }) => name)).toEqual(['read', 'files__read', 'files__write'])
  expect(request.tool_choice).toEqual({ type: 'auto' })
})
