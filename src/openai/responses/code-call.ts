import type { ResponseCodeInterpreterToolCall } from 'openai/resources/responses/responses'

import type { ReplyMessage } from '../../api/types.ts'

type Block = ReplyMessage['content'][number]
type Call = Extract<Block, { type: 'server_tool_use' }>

/** The API's tools that come with `code_execution`. */
const CODE_TOOLS = new Set(['code_execution', 'bash_code_execution', 'text_editor_code_execution'])

export function isCodeCall(call: Call): boolean {
  return CODE_TOOLS.has(call.name)
}

/**
 * Code that ran on the API's side, as an item.
 *
 * @param result absent if the reply ended before the result came
 * @param containerId of the reply; empty if there is none
 */
export function codeCall(
  id: string,
  { input }: Call,
  result: Block | undefined,
  containerId: string,
): ResponseCodeInterpreterToolCall {
  const content = (result as { content?: unknown } | undefined)?.content as Output | undefined
  const logs = [content?.stdout, content?.stderr].filter((text) => text).join('\n')
  const isFailed = content === undefined || content.error_code !== undefined
  return {
    id,
    type: 'code_interpreter_call',
    code: codeIn(input),
    container_id: containerId,
    outputs: logs === '' ? [] : [{ type: 'logs', logs }],
    status: isFailed ? 'failed' : 'completed',
  }
}

type Output = { stdout?: string; stderr?: string; error_code?: string }

/** The text of a call: code, a shell command, or an operation on a file. */
function codeIn(input: { [field: string]: unknown }): string {
  const code = input['code'] ?? input['command']
  return typeof code === 'string' && Object.keys(input).length === 1 ? code : JSON.stringify(input)
}
