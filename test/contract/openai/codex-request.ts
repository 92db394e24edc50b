import type { Tool } from 'openai/resources/responses/responses'

/*
 * A request in the shape that Codex CLI 0.169 sends, with the texts shortened.
 */

function tool(name: string, fields: Record<string, object>, required: string[]): Tool {
  return {
    type: 'function',
    name,
    description: `The tool ${name}.`,
    strict: false,
    parameters: { type: 'object', properties: fields, required, additionalProperties: false },
  }
}

const text = { type: 'string' }

export const CODEX_TOOLS = [
  tool('exec_command', { cmd: text, justification: text, yield_time_ms: { type: 'number' } }, [
    'cmd',
  ]),
  tool('write_stdin', { session_id: { type: 'number' }, chars: text }, ['session_id']),
  tool('request_user_input', { questions: { type: 'array', items: text } }, ['questions']),
  tool('view_image', { path: text }, ['path']),
  tool('get_goal', {}, []),
  tool('create_goal', { objective: text }, ['objective']),
  tool('update_goal', { status: text }, ['status']),
  {
    type: 'namespace',
    name: 'multi_agent_v1',
    description: 'Tools for working with other agents.',
    tools: [
      tool('spawn_agent', { message: text }, ['message']),
      tool('close_agent', { id: text }, ['id']),
    ],
  },
  { type: 'web_search', external_web_access: true },
] as Tool[]

/** The tools that other models are also offered. */
export const APPLY_PATCH = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Use the apply_patch tool to edit files.',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch" LF' },
} as Tool

function said(role: string, id: string, texts: string[]) {
  const content = texts.map((one) => ({ type: 'input_text', text: one }))
  return { type: 'message', role, id, content }
}

export const CODEX_INPUT = [
  said('developer', 'msg_1', ['You may use the shell.']),
  said('developer', 'msg_2', ['Sandbox: read-only.', 'Approvals: never.']),
  said('user', 'msg_3', ['<environment_context>cwd: /scratch</environment_context>']),
  said('user', 'msg_4', ['Say what is in the folder.']),
]

export const CODEX_HEADERS = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
  originator: 'codex_exec',
  'session-id': 'made-up-session',
  'thread-id': 'made-up-thread',
  'x-codex-window-id': 'made-up-window:0',
  'x-codex-turn-metadata': '{"turn_id":"made-up"}',
}

export function codexRequest(model: string, input: readonly object[], tools = CODEX_TOOLS) {
  return {
    model,
    instructions: 'You are a coding agent.',
    input,
    tools,
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { summary: 'auto' },
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'made-up-thread',
    client_metadata: { 'x-codex-installation-id': 'made-up' },
  }
}
