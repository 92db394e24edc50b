import type { ResponseOutputItem, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { message } from '../../support/answers.ts'
import { assistantMessage, textMessage, toolUseMessage } from '../../support/messages.ts'
import { MODEL, type OpenaiBench, startOpenaiBench } from './bench.ts'
import {
  APPLY_PATCH,
  CODEX_HEADERS,
  CODEX_INPUT,
  CODEX_TOOLS,
  codexRequest,
} from './codex-request.ts'

let bench: OpenaiBench

beforeAll(async () => {
  bench = await startOpenaiBench()
})
afterAll(() => bench?.close())
beforeEach(() => {
  bench.standin.reset()
  bench.lanes()
})

/** Sends a request like Codex; returns the events of the reply, and its final items. */
async function step(input: readonly object[], tools = CODEX_TOOLS) {
  const response = await bench.send('/v1/responses', codexRequest(MODEL, input, tools), {
    headers: CODEX_HEADERS,
  })
  const text = await response.text()
  expect(response.status, text).toBe(200)
  const events = text
    .split('\n\n')
    .map((frame) => /^data: (.*)$/m.exec(frame)?.[1])
    .flatMap((data) => (data === undefined ? [] : [JSON.parse(data) as ResponseStreamEvent]))
  const items = events.flatMap((event) =>
    event.type === 'response.output_item.done' ? [event.item] : [],
  )
  return { response, events, items }
}

/** The tools in the first request upstream. */
function toolNames(): unknown[] {
  const { tools = [] } = bench.standin.messages[0]?.body ?? {}
  return tools.map((tool) => ('name' in tool ? tool.name : tool.type))
}

/** Items as Codex returns them: without their ids and states. */
function sentBack(items: ResponseOutputItem[]): object[] {
  return items.map((item) => {
    const { id: _, status: __, ...kept } = item as { id?: string; status?: string }
    return kept
  })
}

test('a task of Codex: its shell call is returned, and the result continues in the waiting process', async () => {
  const thought = { type: 'thinking' as const, thinking: 'A list.', signature: 'c2lnbmVk' }
  const call = toolUseMessage([{ id: 'toolu_1', name: 'exec_command', input: { cmd: 'ls' } }])
  bench.standin.reply(
    message(assistantMessage([thought, ...call.content], { stop_reason: 'tool_use' })),
  )
  const first = await step(CODEX_INPUT)
  expect(first.response.headers.get('claude-sub-proxy-left-out')).toBeNull()
  expect(first.items).toMatchObject([
    { type: 'reasoning', encrypted_content: expect.any(String) },
    { type: 'function_call', name: 'exec_command', call_id: 'toolu_1', arguments: '{"cmd":"ls"}' },
  ])
  expect(toolNames()).toEqual([
    'exec_command',
    'write_stdin',
    'request_user_input',
    'view_image',
    'get_goal',
    'create_goal',
    'update_goal',
    'multi_agent_v1__spawn_agent',
    'multi_agent_v1__close_agent',
    'web_search',
  ])

  bench.standin.reply(message(textMessage('There is a README.')))
  const second = await step([
    ...CODEX_INPUT,
    ...sentBack(first.items),
    { type: 'function_call_output', call_id: 'toolu_1', output: 'Chunk ID: 1\nOutput:\nREADME.md' },
  ])
  expect(second.items).toMatchObject([{ type: 'message', role: 'assistant' }])
  expect(second.events.at(-1)).toMatchObject({
    type: 'response.completed',
    response: { status: 'completed', prompt_cache_key: 'made-up-thread', store: false },
  })
  expect(bench.lanes()[1]).toBe('resolve')
  expect(bench.standin.messages).toHaveLength(2)
})

test('a call of a tool in a namespace has its own name and the namespace', async () => {
  const input = { message: 'Look.' }
  const name = 'multi_agent_v1__spawn_agent'
  bench.standin.reply(message(toolUseMessage([{ id: 'toolu_2', name, input }])))
  const task = [...CODEX_INPUT, { role: 'user', content: 'Spawn one.' }]
  const first = await step(task)
  const call = { name: 'spawn_agent', namespace: 'multi_agent_v1', call_id: 'toolu_2' }
  expect(first.items).toMatchObject([{ type: 'function_call', ...call }])

  const output = { type: 'function_call_output', call_id: 'toolu_2', output: 'Spawned.' }
  await step([...task, ...sentBack(first.items), output])
  expect(bench.lanes()[1]).toBe('resolve')
})

test('tools that are listed in the input are offered as well', async () => {
  const [namespace] = CODEX_TOOLS.filter(({ type }) => type === 'namespace')
  const tools = CODEX_TOOLS.filter(({ type }) => type === 'function')
  const added = { type: 'additional_tools', role: 'developer', tools: [namespace] }
  await step([...CODEX_INPUT, added, { role: 'user', content: 'With more tools.' }], tools)
  expect(toolNames()).toContain('multi_agent_v1__close_agent')
})

test('a patch is free text in both directions', async () => {
  const patch = '*** Begin Patch\n*** Add File: a\n+"ä"\\n\n*** End Patch'
  bench.standin.reply(
    message(toolUseMessage([{ id: 'toolu_3', name: 'apply_patch', input: { input: patch } }])),
  )
  const tools = [...CODEX_TOOLS, APPLY_PATCH]
  const task = [...CODEX_INPUT, { role: 'user', content: 'Patch it.' }]
  const first = await step(task, tools)
  expect(first.items).toMatchObject([
    { type: 'custom_tool_call', name: 'apply_patch', call_id: 'toolu_3', input: patch },
  ])
  const pieces = first.events.flatMap((event) =>
    event.type === 'response.custom_tool_call_input.delta' ? [event.delta] : [],
  )
  expect(pieces.join('')).toBe(patch)
  expect(pieces.length).toBeGreaterThan(1)
  expect(bench.standin.messages[0]?.body.tools?.at(-1)).toMatchObject({
    name: 'apply_patch',
    description: expect.stringContaining('start: "*** Begin Patch" LF'),
  })

  const output = { type: 'custom_tool_call_output', call_id: 'toolu_3', output: 'Done.' }
  await step([...task, ...sentBack(first.items), output], tools)
  expect(bench.lanes()[1]).toBe('resolve')
})
