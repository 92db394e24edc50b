import { createHash } from 'node:crypto'

import type { ResponseOutputItem } from 'openai/resources/responses/responses'

import type { ContentBlock, ReplyMessage } from '../../api/types.ts'
import { toolInput } from '../tool-input.ts'

type Block = ReplyMessage['content'][number]
type Call = Extract<Block, { type: 'mcp_tool_use' }>
type Result = Extract<Block, { type: 'mcp_tool_result' }>
type Listing = Extract<Block, { type: 'mcp_tool_listing' }>
type McpCall = ResponseOutputItem.McpCall

/** @param result absent if the reply ended before the result came */
export function mcpCall(id: string, call: Call, result: Result | undefined): McpCall {
  const isFailed = result === undefined || result.is_error
  const text = result === undefined ? null : textOf(result.content)
  return {
    id,
    type: 'mcp_call',
    server_label: call.server_name,
    name: call.name,
    arguments: JSON.stringify(call.input),
    approval_request_id: null,
    output: isFailed ? null : text,
    error: isFailed ? { type: 'mcp_tool_execution_error', content: text ?? 'no result' } : null,
    status: isFailed ? 'failed' : 'completed',
  }
}

/** The tools of a server, in the API's list. */
export function mcpListing(id: string, listing: Listing): ResponseOutputItem.McpListTools {
  return {
    id,
    type: 'mcp_list_tools',
    server_label: listing.mcp_server_name,
    tools: listing.tools.map((tool) => ({
      name: tool.name,
      description: tool.description ?? null,
      input_schema: (tool as { input_schema?: unknown }).input_schema ?? {},
      annotations: null,
    })),
    error: null,
  }
}

/**
 * A call in a history, with its result. Its original id of the API is lost, so it gets a new one.
 */
export function mcpBlocks(item: McpCall): ContentBlock[] {
  const hash = createHash('sha256')
    .update(JSON.stringify([item.id, item.name]))
    .digest('hex')
  const id = `mcptoolu_${hash.slice(0, 24)}`
  const isError = (item.error ?? null) !== null
  const text = isError ? errorText(item.error) : (item.output ?? '')
  return [
    {
      type: 'mcp_tool_use',
      id,
      name: item.name,
      server_name: item.server_label,
      input: toolInput(item.arguments),
    },
    {
      type: 'mcp_tool_result',
      tool_use_id: id,
      is_error: isError,
      content: text === '' ? [] : [{ type: 'text', text }],
    },
  ]
}

function textOf(content: Result['content']): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}

function errorText(error: McpCall['error']): string {
  if (typeof error === 'string') return error
  return error !== null && error !== undefined && 'message' in error
    ? error.message
    : JSON.stringify(error)
}
