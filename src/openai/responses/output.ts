import type {
  ResponseCustomToolCallItem,
  ResponseFunctionToolCall,
  ResponseFunctionWebSearch,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseOutputText,
} from 'openai/resources/responses/responses'

import type { ContentBlock, ReplyMessage } from '../../api/types.ts'
import { customText } from '../custom-tool.ts'
import { codeCall, isCodeCall } from './code-call.ts'
import { computerCall, computerCallInput, isToolsetCall } from './computer.ts'
import { WEB_FETCH } from './hosted-tools.ts'
import { mcpCall, mcpListing } from './mcp-call.ts'
import { reasoningItem } from './reasoning-item.ts'
import { applyPatchCall, localShellCall, shellCall } from './shell-tools.ts'
import type { ClientTool, ToolNames } from './tool-names.ts'
import { annotationsOf, searchItem, WEB_SEARCH } from './web-search.ts'

export type Block = ReplyMessage['content'][number]
type TextBlock = Extract<Block, { type: 'text' }>
type ToolUse = Extract<Block, { type: 'tool_use' }>

/** The facts about a reply that its items need. */
export type OutputHead = { responseId: string; names: ToolNames; containerId?: string }

/** The prefixes of ids, by the type of the item. */
const PREFIXES = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  local_shell_call: 'lsh',
  shell_call: 'sh',
  apply_patch_call: 'apc',
  computer_call: 'cu',
  web_search_call: 'ws',
  code_interpreter_call: 'ci',
  mcp_call: 'mcp',
  mcp_list_tools: 'mcpl',
} as const

export type ItemKind = keyof typeof PREFIXES

/** The kind of item for a block; `undefined` for blocks without an item of their own. */
export function itemKind(block: Block, names: ToolNames): ItemKind | undefined {
  switch (block.type) {
    case 'text':
      return 'message'
    case 'thinking':
    case 'redacted_thinking':
      return 'reasoning'
    case 'tool_use':
      return CALL_KINDS[calledTool(block, names).kind]
    case 'server_tool_use':
      if (block.name === WEB_SEARCH || block.name === WEB_FETCH) return 'web_search_call'
      return isCodeCall(block) ? 'code_interpreter_call' : undefined
    case 'mcp_tool_use':
      return 'mcp_call'
    case 'mcp_tool_listing':
      return 'mcp_list_tools'
    default:
      return undefined
  }
}

function calledTool(block: ToolUse, names: ToolNames): ClientTool {
  return isToolsetCall(block) ? { kind: 'computer' } : names.toolOf(block.name)
}

const CALL_KINDS: Record<ClientTool['kind'], ItemKind> = {
  function: 'function_call',
  custom: 'custom_tool_call',
  local_shell: 'local_shell_call',
  shell: 'shell_call',
  apply_patch: 'apply_patch_call',
  computer: 'computer_call',
}

/**
 * Groups the blocks of a reply into items. Neighbouring texts are parts of one message, and a call
 * that ran on the API's side includes its result. Every other block is an item.
 */
export function groupBlocks(content: readonly Block[], names: ToolNames): Block[][] {
  const groups: Block[][] = []
  for (const block of content) {
    const group = groupFor(block, groups)
    if (group) group.push(block)
    else if (itemKind(block, names) !== undefined) groups.push([block])
  }
  return groups
}

/** The existing item to which the next block belongs. */
function groupFor(block: Block, groups: readonly Block[][]): Block[] | undefined {
  if (block.type === 'text') {
    const last = groups.at(-1)
    return last?.[0]?.type === 'text' ? last : undefined
  }
  if (!('tool_use_id' in block)) return undefined
  return groups.find(([first]) => first && 'id' in first && first.id === block.tool_use_id)
}

/** The id of an item contains its response and its index. */
function itemId(kind: ItemKind, responseId: string, index: number): string {
  return `${PREFIXES[kind]}_${responseId.replace(/^resp_/, '')}_${index}`
}

const ITEM_ID = new RegExp(`^(?:${Object.values(PREFIXES).join('|')})_(.+)_(\\d+)$`)

/** The response and the index in an item's id; `undefined` if the id is not from `itemId`. */
export function placeOfItem(id: string): { responseId: string; index: number } | undefined {
  const [, response, index] = ITEM_ID.exec(id) ?? []
  return response === undefined
    ? undefined
    : { responseId: `resp_${response}`, index: Number(index) }
}

/** The output of a reply. If the reply is incomplete, so is its last message. */
export function outputItems(
  content: readonly Block[],
  head: OutputHead,
  isComplete: boolean,
): ResponseOutputItem[] {
  const groups = groupBlocks(content, head.names)
  return groups.map((group, index) => {
    const isWhole = isComplete || index < groups.length - 1
    return outputItem(group, head, index, isWhole ? 'completed' : 'incomplete')
  })
}

/** An item, from its blocks. */
export function outputItem(
  [block, ...others]: readonly Block[],
  { responseId, names, containerId = '' }: OutputHead,
  index: number,
  status: 'completed' | 'incomplete',
): ResponseOutputItem {
  const kind = block && itemKind(block, names)
  if (kind === undefined) throw new Error(`There is no item for ${block?.type}.`)
  const id = itemId(kind, responseId, index)
  switch (block?.type) {
    case 'text':
      return messageItem(id, [block, ...others.filter((other) => other.type === 'text')], status)
    case 'thinking':
    case 'redacted_thinking':
      return reasoningItem(id, block as unknown as ContentBlock)
    case 'tool_use':
      return callItem(id, block, calledTool(block, names))
    case 'server_tool_use':
      if (block.name === WEB_SEARCH) {
        const result = others.find((other) => other.type === 'web_search_tool_result')
        return searchItem(id, block, result)
      }
      return block.name === WEB_FETCH
        ? fetchItem(id, block.input, others[0])
        : codeCall(id, block, others[0], containerId)
    case 'mcp_tool_use':
      return mcpCall(
        id,
        block,
        others.find((other) => other.type === 'mcp_tool_result'),
      )
    case 'mcp_tool_listing':
      return mcpListing(id, block)
    default:
      throw new Error(`There is no item for ${block?.type}.`)
  }
}

function messageItem(
  id: string,
  texts: readonly TextBlock[],
  status: ResponseOutputMessage['status'],
): ResponseOutputMessage {
  return { id, type: 'message', role: 'assistant', status, content: texts.map(textPart) }
}

export function textPart(block: TextBlock): ResponseOutputText {
  return {
    type: 'output_text',
    text: block.text,
    annotations: annotationsOf(block),
    logprobs: [],
  }
}

/** A call, in the form of the client's tool. */
function callItem(id: string, block: ToolUse, tool: ClientTool): ResponseOutputItem {
  const { id: callId } = block
  const input = block.input as { [field: string]: unknown }
  switch (tool.kind) {
    case 'function':
      return functionCall(id, block, tool)
    case 'custom': {
      const call: ResponseCustomToolCallItem = {
        id,
        type: 'custom_tool_call',
        status: 'completed',
        call_id: callId,
        name: tool.name,
        input: customText(input),
        ...(tool.namespace !== undefined && { namespace: tool.namespace }),
      }
      return call
    }
    case 'local_shell':
      return localShellCall(id, callId, input)
    case 'shell':
      return shellCall(id, callId, input)
    case 'apply_patch':
      return applyPatchCall(id, callId, input)
    case 'computer':
      return computerCall(id, callId, computerCallInput(block))
    default:
      tool satisfies never
      throw new Error('There is no other kind of tool.')
  }
}

function functionCall(
  id: string,
  block: ToolUse,
  { name, namespace }: { name: string; namespace?: string | undefined },
): ResponseFunctionToolCall {
  return {
    id,
    type: 'function_call',
    call_id: block.id,
    name,
    ...(namespace !== undefined && { namespace }),
    arguments: JSON.stringify(block.input),
    status: 'completed',
  }
}

/** A fetched page. OpenAI's form for it is a search that opens a page. */
function fetchItem(
  id: string,
  input: { [field: string]: unknown },
  result: Block | undefined,
): ResponseFunctionWebSearch {
  const content = (result as { content?: { type?: string } } | undefined)?.content
  const isFetched = content?.type === 'web_fetch_result'
  const url = input['url']
  return {
    id,
    type: 'web_search_call',
    status: isFetched ? 'completed' : 'failed',
    action: { type: 'open_page', url: typeof url === 'string' ? url : null },
  }
}
